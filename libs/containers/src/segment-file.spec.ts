import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import { encodeBox, memorySource } from './boxes.js';
import { encodeFragment } from './fragment.js';
import { keyframeAtOrBefore, readSegmentFront, surveySegment } from './segment-file.js';
import { decodeSegmentHeader, encodeSegmentHeader } from './segment-header.js';
import type { SegmentHeader } from './segment-header.js';
import { decodeSegmentIndex, encodeSegmentIndex, readSegmentIndex } from './segment-index.js';
import type { SegmentIndex } from './segment-index.js';

const header: SegmentHeader = {
  version: 1,
  camera: 'front-door',
  stream: 'main',
  run: '0123456789ab',
  sequence: 7,
  startMs: 1_795_000_000_123,
  tracks: [
    {
      kind: 'video',
      codec: 'h264',
      payloadType: 96,
      clockRateHz: 90_000,
      channels: 0,
      encodingName: 'H264',
      fmtp: { 'packetization-mode': '1' },
    },
  ],
  previousHash: null,
};
const index: SegmentIndex = {
  version: 1,
  endMs: 1_795_000_060_123,
  durationTicks: 5_400_000,
  fragments: 60,
  samples: 1500,
  keyframes: [
    { ticks: 0, offset: 900 },
    { ticks: 180_000, offset: 12_345 },
  ],
  hash: 'ab'.repeat(32),
};
const HEADER_BYTES = 8;

function segment(fragments: number): Buffer {
  const front = [
    encodeBox('ftyp', Buffer.from('iso5')),
    encodeBox('moov'),
    encodeSegmentHeader(header),
  ];
  const media = Array.from({ length: fragments }, (_, n) => {
    const samples = [0, 1].map((k) => ({
      data: Buffer.from(`unit ${n}/${k}`),
      durationTicks: 45_000,
      compositionTicks: 0,
      keyframe: k === 0 && n % 2 === 0,
    }));
    const { head, data } = encodeFragment(n + 1, [
      { track: 0, baseDecodeTicks: n * 90_000, samples },
    ]);
    return Buffer.concat([head, ...data]);
  });
  return Buffer.concat([...front, ...media]);
}

describe('segment header', () => {
  it('survives the way into the file and back', () => {
    const box = encodeSegmentHeader({ ...header, previousHash: 'ff' });
    expect(decodeSegmentHeader(box.subarray(HEADER_BYTES))).toEqual({
      ...header,
      previousHash: 'ff',
    });
  });

  it('made of any JSON throws nothing but NightjarError', () => {
    const uuid = encodeSegmentHeader(header).subarray(HEADER_BYTES, HEADER_BYTES + 16);
    const almost = fc.record(
      {
        version: fc.constant(1),
        tracks: fc.anything(),
        startMs: fc.anything(),
        camera: fc.anything(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          almost.map((value) => JSON.stringify(value) ?? ''),
        ),
        (text) => {
          expect(() => decodeSegmentHeader(Buffer.concat([uuid, Buffer.from(text)]))).toThrow(
            NightjarError,
          );
        },
      ),
    );
  });
});

describe('segment index', () => {
  it('is found from the end of the file', async () => {
    const before = segment(2);
    const found = await readSegmentIndex(
      memorySource(Buffer.concat([before, encodeSegmentIndex(index)])),
    );
    expect(found).toEqual({ index, offset: before.length });
  });

  it('is not there until its last byte is', async () => {
    const file = Buffer.concat([segment(1), encodeSegmentIndex(index)]);
    for (let length = 0; length < file.length; length += 1) {
      expect(await readSegmentIndex(memorySource(file.subarray(0, length)))).toBeUndefined();
    }
  });

  it('with any byte changed gives NightjarError, nothing, or an index', async () => {
    const good = encodeSegmentIndex(index);
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat({ max: 255 }), async (where, value) => {
        const bad = Buffer.from(good);
        bad[where % bad.length] = value;
        for (const read of [
          () => readSegmentIndex(memorySource(bad)),
          async () => decodeSegmentIndex(bad.subarray(8)),
        ]) {
          try {
            await read();
          } catch (error) {
            expect(error).toBeInstanceOf(NightjarError);
          }
        }
      }),
    );
  });
});

describe('segment file', () => {
  it('cut anywhere keeps its whole fragments', async () => {
    const file = segment(3);
    const whole = await readSegmentFront(memorySource(file));
    const ends: number[] = [];
    for (let length = 0; length <= file.length; length += 1) {
      const source = memorySource(file.subarray(0, length));
      const front = await readSegmentFront(source);
      if (front === undefined) {
        expect(length).toBeLessThan(whole?.mediaStart ?? 0);
        continue;
      }
      const { end, summary } = await surveySegment(source, front);
      expect(end).toBeLessThanOrEqual(length);
      if (ends.at(-1) !== end) ends.push(end);
      expect(summary.fragments).toBe(ends.length - 1);
      expect(summary.durationTicks).toBe(90_000 * summary.fragments);
    }
    expect(ends).toHaveLength(4);
    expect(ends.at(-1)).toBe(file.length);
  });

  it('takes zeros behind the last fragment for the end, as a power loss leaves them', async () => {
    const file = segment(2);
    const source = memorySource(Buffer.concat([file, Buffer.alloc(4096)]));
    const front = await readSegmentFront(source);
    if (front === undefined) throw new Error('no front');
    expect((await surveySegment(source, front)).end).toBe(file.length);
  });

  it('says so when the file is something else', async () => {
    const other = memorySource(
      Buffer.concat([encodeBox('ftyp'), encodeBox('mdat', Buffer.alloc(99))]),
    );
    await expect(readSegmentFront(other)).rejects.toThrow(NightjarError);
  });

  it('finds the keyframe at or before a time by bisection', () => {
    const keyframes = [0, 10, 20, 30].map((ticks) => ({ ticks, offset: ticks }));
    for (const [ticks, expected] of [
      [-5, 0],
      [0, 0],
      [9, 0],
      [10, 10],
      [29, 20],
      [1000, 30],
    ] as const) {
      expect(keyframeAtOrBefore(keyframes, ticks)?.ticks).toBe(expected);
    }
    expect(keyframeAtOrBefore([], 5)).toBeUndefined();
  });
});
