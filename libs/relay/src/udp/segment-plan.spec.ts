import { describe, expect, it } from '@jest/globals';
import type { MonotonicMs } from '@nightjar/common';
import fc from 'fast-check';
import { BatchBuilder } from '../hub/batch-builder.js';
import type { PacketBatch } from '../hub/packet-batch.js';
import { MAX_RUN_BYTES, MAX_SEGMENTS, MAX_SEGMENT_BYTES, planSegments } from './segment-plan.js';

function batchOf(packets: readonly (readonly [track: number, length: number])[]): PacketBatch {
  const builder = new BatchBuilder();
  for (const [track, length] of packets) builder.append(track, Buffer.alloc(length), 0, length);
  return builder.take(0 as MonotonicMs);
}

describe('the plan for segmentation offload', () => {
  it('sends a frame in one run: equal packets and a smaller last one', () => {
    const plan = planSegments(
      batchOf([
        [0, 1400],
        [0, 1400],
        [1, 200],
        [0, 1400],
        [0, 90],
        [0, 1400],
      ]),
      0,
      6,
      0,
    );
    expect(plan).toEqual({
      runs: [
        { packets: [0, 1, 3, 4], segmentBytes: 1400, bytes: 4290 },
        { packets: [5], segmentBytes: 1400, bytes: 1400 },
      ],
      oversized: [],
    });
  });

  it('never puts a larger packet behind a smaller one', () => {
    const plan = planSegments(
      batchOf([
        [0, 20],
        [0, 1400],
        [0, 1400],
      ]),
      0,
      3,
      0,
    );
    expect(plan.runs.map(({ packets }) => packets)).toEqual([[0], [1, 2]]);
  });

  it('keeps to what the kernel takes, and loses and repeats nothing', () => {
    const packet = fc.tuple(
      fc.integer({ min: 0, max: 1 }),
      fc.oneof(fc.constant(1400), fc.integer({ min: 12, max: 1600 })),
    );
    fc.assert(
      fc.property(
        fc.array(packet, { maxLength: 200 }),
        fc.nat(10),
        fc.nat(10),
        (packets, from, less) => {
          const batch = batchOf(packets);
          const to = Math.max(0, batch.count - less);
          const { runs, oversized } = planSegments(batch, from, to, 0);
          const sent = [...runs.flatMap((run) => run.packets), ...oversized].sort((a, b) => a - b);
          expect(sent).toEqual(
            packets.flatMap(([track], i) => (track === 0 && i >= from && i < to ? [i] : [])),
          );
          for (const run of runs) {
            const lengths = run.packets.map((i) => batch.lengths[i]!);
            expect(lengths.slice(0, -1).every((length) => length === run.segmentBytes)).toBe(true);
            expect(lengths.at(-1)).toBeLessThanOrEqual(run.segmentBytes);
            expect(lengths.length).toBeLessThanOrEqual(MAX_SEGMENTS);
            expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(run.bytes);
            expect(run.bytes).toBeLessThanOrEqual(MAX_RUN_BYTES);
          }
          expect(oversized.every((i) => batch.lengths[i]! > MAX_SEGMENT_BYTES)).toBe(true);
        },
      ),
    );
  });
});
