import { describe, expect, it } from '@jest/globals';
import type { MonotonicMs } from '@nightjar/common';
import { encodeRtp } from '@nightjar/rtp';
import fc from 'fast-check';
import { BatchBuilder } from './batch-builder.js';
import {
  FRAME_HEADER_BYTES,
  interleave,
  isCanonical,
  tail,
  type PacketBatch,
} from './packet-batch.js';

function packet(sequence: number, size: number): Buffer {
  return encodeRtp(
    { payloadType: 96, sequence, timestamp: 0, ssrc: 1, marker: false },
    Buffer.alloc(size, sequence),
  );
}

function frame(channel: number, bytes: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from([0x24, channel, bytes.length >> 8, bytes.length & 0xff]),
    bytes,
  ]);
}

const at = 0 as MonotonicMs;

describe('a packet batch', () => {
  it('stands in interleaved wire form for the canonical channels', () => {
    const builder = new BatchBuilder();
    builder.append(0, packet(1, 10), 0, 22);
    builder.append(1, packet(2, 20), 0, 32);
    const batch = builder.take(at);
    expect(batch.bytes).toEqual(Buffer.concat([frame(0, packet(1, 10)), frame(2, packet(2, 20))]));
    expect([batch.count, batch.keyframeAt]).toEqual([2, -1]);
  });

  it('is rebuilt once for readers with other channels or fewer tracks', () => {
    const builder = new BatchBuilder();
    builder.append(0, packet(1, 10), 0, 22);
    builder.append(1, packet(2, 20), 0, 32);
    const batch = builder.take(at);
    const map = [-1, 7];
    const built = interleave(batch, 0, map, map.join());
    expect(built).toEqual({ bytes: frame(7, packet(2, 20)), packets: 1 });
    expect(interleave(batch, 0, map, map.join())).toBe(built);
    expect([isCanonical(map), isCanonical([0, 2])]).toEqual([false, true]);
  });

  it('holds what was appended, however it lay in the buffers of its source', () => {
    const sizes = fc.array(fc.integer({ min: 12, max: 30_000 }), { minLength: 1, maxLength: 40 });
    const chunks = fc.array(
      fc.record({
        sizes,
        /** Which packets of a chunk are passed over, and behind which a batch ends. */
        dropped: fc.array(fc.nat(40)),
        flushed: fc.array(fc.nat(40)),
        seed: fc.nat(255),
      }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(chunks, (all) => {
        const builder = new BatchBuilder();
        const taken: PacketBatch[] = [];
        const wanted: Buffer[] = [];
        for (const { sizes, dropped, flushed, seed } of all) {
          const packets = sizes.map((size, i) => Buffer.alloc(size, seed + i));
          const chunk = Buffer.concat(packets.map((bytes) => frame(9, bytes)));
          let offset = 0;
          for (const [i, bytes] of packets.entries()) {
            offset += FRAME_HEADER_BYTES;
            if (!dropped.includes(i)) {
              const at = builder.append(i % 2, chunk, offset, bytes.length);
              // As the hub renumbers it, in place.
              builder.buffer[at + 3] = 0xee;
              const renumbered = Buffer.from(bytes);
              renumbered[3] = 0xee;
              wanted.push(frame(2 * (i % 2), renumbered));
            }
            offset += bytes.length;
            if (flushed.includes(i) && !builder.empty) taken.push(builder.take(at));
          }
        }
        if (!builder.empty) taken.push(builder.take(at));
        const got = Buffer.concat(taken.map(({ bytes }) => bytes));
        return got.equals(Buffer.concat(wanted));
      }),
    );
  });

  it('gives a late reader the part from the keyframe on', () => {
    const builder = new BatchBuilder();
    builder.append(0, packet(1, 10), 0, 22);
    builder.append(0, packet(2, 20), 0, 32);
    builder.markKeyframe();
    const batch = builder.take(at);
    expect(batch.keyframeAt).toBe(1);
    expect(tail(batch, 1)).toEqual(frame(0, packet(2, 20)));
    expect(interleave(batch, 1, [4], '4').bytes).toEqual(frame(4, packet(2, 20)));
  });

  it('keeps earlier batches intact while it grows and goes on', () => {
    const builder = new BatchBuilder();
    const taken = [];
    for (let n = 0; n < 40; n++) {
      for (let i = 0; i < 100; i++) builder.append(0, packet(i, 1400), 0, 1412);
      taken.push(builder.take(at));
    }
    const expected = Buffer.concat(
      Array.from({ length: 100 }, (_, i) => frame(0, packet(i, 1400))),
    );
    for (const batch of taken) expect(batch.bytes.equals(expected)).toBe(true);
  });
});
