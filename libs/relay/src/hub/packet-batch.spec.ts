import { describe, expect, it } from '@jest/globals';
import type { MonotonicMs } from '@nightjar/common';
import { encodeRtp } from '@nightjar/rtp';
import { BatchBuilder } from './batch-builder.js';
import { interleave, isCanonical, tail } from './packet-batch.js';

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
