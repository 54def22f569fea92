import { describe, expect, it } from '@jest/globals';
import { sentFormatOf } from './sent-format.js';

describe('the SDP description of what is sent from files', () => {
  it.each([
    [{ codec: 'vp8' }, 'VP8', 96, 90_000],
    [{ codec: 'vp9', widthPx: 2, heightPx: 2 }, 'VP9', 96, 90_000],
    [{ codec: 'av1' }, 'AV1', 96, 90_000],
    [{ codec: 'mpeg-video' }, 'MPV', 32, 90_000],
    [{ codec: 'mpeg-audio' }, 'MPA', 14, 90_000],
    [{ codec: 'mp2t' }, 'MP2T', 33, 90_000],
    [{ codec: 'ac3', sampleRateHz: 44_100, channels: 6 }, 'ac3', 96, 44_100],
    [{ codec: 'amr-nb' }, 'AMR', 96, 8000],
    [{ codec: 'amr-wb' }, 'AMR-WB', 96, 16_000],
    [{ codec: 'pcm', bits: 16, sampleRateHz: 48_000, channels: 2 }, 'L16', 96, 48_000],
    [{ codec: 'pcmu', sampleRateHz: 8000, channels: 1 }, 'PCMU', 0, 8000],
    [{ codec: 'pcma', sampleRateHz: 8000, channels: 1 }, 'PCMA', 8, 8000],
    [{ codec: 'pcma', sampleRateHz: 16_000, channels: 1 }, 'PCMA', 96, 16_000],
  ] as const)('$codec', (config, encodingName, payloadType, clockRateHz) => {
    expect(sentFormatOf(config, 96)).toMatchObject({ encodingName, payloadType, clockRateHz });
  });

  it('packs the headers of Vorbis with the sizes of the first two', () => {
    const headers = [new Uint8Array(30), new Uint8Array(300), new Uint8Array(5)] as const;
    const { fmtp } = sentFormatOf(
      { codec: 'vorbis', headers, sampleRateHz: 8000, channels: 1 },
      96,
    );
    const packed = Buffer.from(fmtp['configuration'] ?? '', 'base64');
    // One configuration, its name, 335 bytes, two sizes before the last header: 30 and 2 * 128 + 44.
    expect(packed.subarray(0, 13).toString('hex')).toBe('000000014e6a72014f021e822c');
    expect(packed.length).toBe(13 + 335);
  });

  it('takes the profile of MPEG-4 video from its headers', () => {
    const headers = Uint8Array.from([0, 0, 1, 0xb0, 0xf3, 0, 0, 1, 0xb5]);
    expect(sentFormatOf({ codec: 'mpeg4-visual', headers }, 96).fmtp).toEqual({
      'profile-level-id': '243',
      config: '000001B0F3000001B5',
    });
  });
});
