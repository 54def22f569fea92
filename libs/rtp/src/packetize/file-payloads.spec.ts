import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { markerOf, payloadStartOf, sequenceOf, timestampOf } from '../rtp-packet.js';
import type { SentConfig } from '../sent-config.js';
import { createPacketizer } from './create.js';

const OPTIONS = { payloadType: 96, ssrc: 1, firstSequence: 65_534, maxPayloadBytes: 100 };
const NO_HEADERS = [new Uint8Array(), new Uint8Array(), new Uint8Array()] as const;

interface Sent {
  readonly payload: Buffer;
  readonly marker: boolean;
  readonly timestamp: number;
}

function packetsOf(config: SentConfig, data: Uint8Array, keyframe = true): Sent[] {
  const packets = createPacketizer(config, OPTIONS).packetize({ data, keyframe }, 1000);
  expect(packets.map((packet) => sequenceOf(packet, 0))).toEqual(
    packets.map((_, index) => (OPTIONS.firstSequence + index) & 0xffff),
  );
  return packets.map((packet) => ({
    payload: packet.subarray(payloadStartOf(packet, 0)),
    marker: markerOf(packet, 0),
    timestamp: timestampOf(packet, 0),
  }));
}

/** Bytes of the payload header of each, when its packets are pieces of the unit behind one. */
const SPLIT: readonly (readonly [SentConfig, (first: boolean) => number])[] = [
  [{ codec: 'vp8' }, () => 1],
  [{ codec: 'vp9', widthPx: 320, heightPx: 240 }, (first) => (first ? 6 : 1)],
  [{ codec: 'mpeg-video' }, () => 4],
  [{ codec: 'mpeg-audio' }, () => 4],
  [{ codec: 'mpeg4-visual', headers: new Uint8Array() }, () => 0],
  [{ codec: 'ac3', sampleRateHz: 48_000, channels: 2 }, () => 2],
  [{ codec: 'vorbis', headers: NO_HEADERS, sampleRateHz: 48_000, channels: 2 }, () => 6],
  [{ codec: 'theora', headers: NO_HEADERS, widthPx: 320, heightPx: 240 }, () => 6],
  [{ codec: 'pcm', bits: 16, sampleRateHz: 48_000, channels: 2 }, () => 0],
];

describe('payload formats of files', () => {
  it.each(SPLIT)('$codec: the payloads together are the unit', (config, headerBytes) => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 1000 }), (data) => {
        const sent = packetsOf(config, data);
        const pieces = sent.map(({ payload }, index) => payload.subarray(headerBytes(index === 0)));
        expect(Buffer.concat(pieces)).toEqual(Buffer.from(data));
        for (const { payload } of sent)
          expect(payload.length).toBeLessThanOrEqual(OPTIONS.maxPayloadBytes);
      }),
    );
  });

  it('VP8: the start of the frame is marked in the descriptor, its end in the RTP header', () => {
    const sent = packetsOf({ codec: 'vp8' }, new Uint8Array(250));
    expect(sent.map(({ payload, marker }) => [payload[0], marker])).toEqual([
      [0x10, false],
      [0, false],
      [0, true],
    ]);
  });

  it('VP9: a keyframe says the size of the picture, other frames that they need others', () => {
    const config = { codec: 'vp9', widthPx: 640, heightPx: 360 } as const;
    const [key] = packetsOf(config, new Uint8Array(10));
    expect(key?.payload.subarray(0, 6).toString('hex')).toBe('0e1002800168');
    const [inter] = packetsOf(config, new Uint8Array(10), false);
    expect(inter?.payload[0]).toBe(0x4c);
  });

  it('AV1: units without delimiters and sizes, a long one over several packets', () => {
    const delimiter = [0x12, 0x00];
    const sequence = [0x0a, 0x03, 1, 2, 3];
    const frame = [0x32, 0x96, 0x01, ...Array.from({ length: 150 }, (_, i) => i)];
    const sent = packetsOf(
      { codec: 'av1' },
      Uint8Array.from([...delimiter, ...sequence, ...frame]),
    );
    expect(
      sent.map(({ payload, marker }) => [payload[0], payload[1], payload.length, marker]),
    ).toEqual([
      [0x18, 0x08, 5, false],
      [0x50, 0x30, 100, false],
      [0x90, 98, 53, true],
    ]);
  });

  it('AV1: throws nothing but its error at bytes that are no units', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
        try {
          packetsOf({ codec: 'av1' }, data);
        } catch (error) {
          expect(error).toMatchObject({ name: 'NightjarError', code: 'rtp/av1-obu' });
        }
      }),
    );
  });

  it('MPEG video: says what is in the picture header, and where slices begin and end', () => {
    const sequenceHeader = [0, 0, 1, 0xb3, 1, 2, 3, 4, 5, 6, 7, 8];
    // Temporal reference 5, a B picture with forward code 3 and backward code 2.
    const picture = [0, 0, 1, 0, 0x01, 0x58, 0, 0x01, 0x90];
    const slice = (n: number, bytes: number): number[] => [0, 0, 1, n, ...Array(bytes).fill(0xaa)];
    const data = Uint8Array.from([
      ...sequenceHeader,
      ...picture,
      ...slice(1, 40),
      ...slice(2, 140),
    ]);
    const sent = packetsOf({ codec: 'mpeg-video' }, data);
    expect(
      sent.map(({ payload, marker }) => [payload.readUInt32BE(0).toString(16), marker]),
    ).toEqual([
      ['53b23', false],
      ['51323', false],
      ['50b23', true],
    ]);
  });

  it('MPEG audio: later pieces of a frame say where they belong', () => {
    const sent = packetsOf({ codec: 'mpeg-audio' }, new Uint8Array(250));
    expect(sent.map(({ payload }) => payload.readUInt32BE(0))).toEqual([0, 96, 192]);
  });

  it('AC-3: types of pieces tell whether the first can be decoded alone', () => {
    const config = { codec: 'ac3', sampleRateHz: 48_000, channels: 2 } as const;
    const types = (bytes: number): number[][] =>
      packetsOf(config, new Uint8Array(bytes)).map(({ payload }) => [...payload.subarray(0, 2)]);
    expect(types(90)).toEqual([[0, 1]]);
    expect(types(110)).toEqual([
      [1, 2],
      [3, 2],
    ]);
    expect(types(250)).toEqual([
      [2, 3],
      [3, 3],
      [3, 3],
    ]);
  });

  it('AMR: no mode is asked for, and the frame of the file follows', () => {
    const frame = Uint8Array.from([0x3c, ...Array(31).fill(7)]);
    const packetizer = createPacketizer({ codec: 'amr-nb' }, OPTIONS);
    const [first] = packetizer.packetize({ data: frame, keyframe: true }, 0);
    const [second] = packetizer.packetize({ data: frame, keyframe: true }, 160);
    expect(first?.subarray(12)).toEqual(Buffer.from([0xf0, ...frame]));
    expect([markerOf(first!, 0), markerOf(second!, 0)]).toEqual([true, false]);
  });

  it('Vorbis: pieces are told apart, and name the configuration of the SDP', () => {
    const config = {
      codec: 'vorbis',
      headers: NO_HEADERS,
      sampleRateHz: 8000,
      channels: 1,
    } as const;
    const sent = packetsOf(config, new Uint8Array(200));
    expect(sent.map(({ payload }) => payload.subarray(0, 6).toString('hex'))).toEqual([
      '4e6a7240005e',
      '4e6a7280005e',
      '4e6a72c0000c',
    ]);
  });

  it('PCM: whole samples in each packet, at their own time', () => {
    const config = { codec: 'pcm', bits: 24, sampleRateHz: 48_000, channels: 2 } as const;
    const sent = packetsOf(config, new Uint8Array(6 * 20));
    expect(sent.map(({ payload, timestamp }) => [payload.length, timestamp])).toEqual([
      [96, 1000],
      [24, 1016],
    ]);
  });

  it('MPEG transport stream: packets are never split', () => {
    const packetizer = createPacketizer({ codec: 'mp2t' }, { ...OPTIONS, maxPayloadBytes: 1400 });
    const sent = packetizer.packetize({ data: new Uint8Array(188 * 9), keyframe: true }, 0);
    expect(sent.map(({ length }) => length - 12)).toEqual([188 * 7, 188 * 2]);
  });
});
