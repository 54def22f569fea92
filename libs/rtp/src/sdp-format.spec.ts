import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bareFormat, CONFIGS, H264_PPS, H264_SPS, hex, PAYLOAD_TYPE } from '../test/harness.js';
import { configOf, formatOf, sameConfig } from './sdp-format.js';

const base64 = (...parts: Uint8Array[]) => Buffer.concat(parts).toString('base64');
const h264 = (sprop: string) =>
  configOf({ ...bareFormat('h264'), fmtp: { 'sprop-parameter-sets': sprop } });

describe('formatOf and configOf', () => {
  it.each(Object.values(CONFIGS))('give back the configuration of $codec', (config) => {
    expect(configOf(formatOf(config, PAYLOAD_TYPE))).toEqual(config);
  });

  it('describe H.264 as SDP spells it', () => {
    expect(formatOf(CONFIGS.h264, 97)).toEqual({
      kind: 'video',
      codec: 'h264',
      payloadType: 97,
      clockRateHz: 90_000,
      channels: 0,
      encodingName: 'H264',
      fmtp: {
        'packetization-mode': '1',
        'profile-level-id': '64000a',
        'sprop-parameter-sets': `${base64(H264_SPS)},${base64(H264_PPS)}`,
      },
    });
  });

  it('write two channels for Opus, whatever is sent', () => {
    const mono = { codec: 'opus', sampleRateHz: 48_000, channels: 1 } as const;
    const format = formatOf(mono, PAYLOAD_TYPE);
    expect(format).toMatchObject({ channels: 2, fmtp: { 'sprop-stereo': '0' } });
    expect(configOf(format)).toEqual(mono);
  });

  it('read parameter sets with start codes and zeros around them', () => {
    const startCode = hex('00000001');
    const padded = `${base64(startCode, H264_SPS, startCode)},${base64(startCode, H264_PPS)}`;
    expect(h264(padded)).toEqual(CONFIGS.h264);
  });

  it.each([
    { name: 'none', sprop: '' },
    { name: 'SPS alone', sprop: base64(H264_SPS) },
    { name: 'not base64', sprop: '%%%%,&&&&' },
    { name: 'a cut SPS', sprop: `${base64(H264_SPS.subarray(0, 4))},${base64(H264_PPS)}` },
  ])('know nothing when the parameter sets are unusable: $name', ({ sprop }) => {
    expect(h264(sprop)).toBeUndefined();
  });

  it('read an AAC config followed by a stray character, and take its word over the rtpmap', () => {
    const format = {
      ...bareFormat('aac'),
      clockRateHz: 8000,
      channels: 1,
      fmtp: { config: '1190;' },
    };
    expect(configOf(format)).toEqual(CONFIGS.aac);
  });

  it('take the channels of the rtpmap when the AAC config leaves them to the stream', () => {
    const format = { ...bareFormat('aac'), channels: 2, fmtp: { config: '1180' } };
    expect(configOf(format)).toMatchObject({ channels: 2 });
  });

  it('never throw on random fmtp', () => {
    const keys = ['sprop-parameter-sets', 'sprop-vps', 'sprop-sps', 'sprop-pps', 'config'];
    const value = fc.oneof(
      fc.string(),
      fc.uint8Array().map((bytes) => base64(Uint8Array.of(0x67), bytes)),
      fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('hex')),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), value), (fmtp) => {
        for (const codec of ['h264', 'h265', 'aac'] as const) {
          configOf({ ...bareFormat(codec), fmtp });
        }
        configOf({ ...bareFormat('aac'), encodingName: 'MP4A-LATM', fmtp });
      }),
    );
  });
});

describe('sameConfig', () => {
  it('compares bytes, not objects', () => {
    const copy = { ...CONFIGS.h264, sps: Uint8Array.from(CONFIGS.h264.sps) };
    expect(sameConfig(CONFIGS.h264, copy)).toBe(true);
    copy.sps[5] = 0;
    expect(sameConfig(CONFIGS.h264, copy)).toBe(false);
  });

  it('tells codecs apart', () => {
    const all = Object.values(CONFIGS);
    for (const a of all) for (const b of all) expect(sameConfig(a, b)).toBe(a === b);
  });
});
