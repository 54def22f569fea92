import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeRtp, sequenceOf } from './rtp-packet.js';
import { ReorderBuffer } from './reorder.js';

function packet(sequence: number): Buffer {
  return encodeRtp(
    { payloadType: 96, sequence, timestamp: 0, ssrc: 1, marker: false },
    Buffer.alloc(0),
  );
}

function bench(window?: number, maxWaitMs?: number) {
  const out: number[] = [];
  const buffer = new ReorderBuffer(window, maxWaitMs, (p) => out.push(sequenceOf(p, 0)));
  const push = (sequences: number[], nowMs = 0) => {
    for (const sequence of sequences) buffer.push(packet(sequence), nowMs);
  };
  return { out, buffer, push };
}

describe('reorder buffer', () => {
  it('delivers at once while nothing is missing', () => {
    const { out, buffer, push } = bench();
    push([65_534, 65_535, 0, 1]);
    expect(out).toEqual([65_534, 65_535, 0, 1]);
    expect(buffer.nextDeadlineMs).toBeUndefined();
  });

  it('holds what follows a gap until the gap is filled', () => {
    const { out, push } = bench();
    push([1, 3, 4]);
    expect(out).toEqual([1]);
    push([2]);
    expect(out).toEqual([1, 2, 3, 4]);
  });

  it('gives up on a gap when the longest held packet waited long enough', () => {
    const { out, buffer, push } = bench(64, 100);
    push([1]);
    push([3], 10);
    push([5], 60);
    expect(buffer.nextDeadlineMs).toBe(110);
    buffer.expire(109);
    expect(out).toEqual([1]);
    buffer.expire(110);
    expect(out).toEqual([1, 3]);
    expect(buffer.nextDeadlineMs).toBe(160);
    buffer.expire(1000);
    expect(out).toEqual([1, 3, 5]);
    expect(buffer.nextDeadlineMs).toBeUndefined();
  });

  it('drops duplicates and what comes after its turn', () => {
    const { out, buffer, push } = bench();
    push([1, 1, 3, 3]);
    buffer.expire(1000);
    push([2, 4]);
    expect(out).toEqual([1, 3, 4]);
  });

  it('moves on when a packet is ahead by the window', () => {
    const { out, push } = bench(4);
    push([1, 3, 6]);
    expect(out).toEqual([1, 3]);
    push([4, 5]);
    expect(out).toEqual([1, 3, 4, 5, 6]);
  });

  it('lets everything go and starts anew when the source does', () => {
    const { out, push } = bench(4);
    push([100, 102, 30_000, 30_001]);
    expect(out).toEqual([100, 102, 30_000, 30_001]);
  });

  it('puts any disorder inside the window right, whatever the window', () => {
    const disorder = fc.record({
      window: fc.integer({ min: 1, max: 20 }),
      first: fc.nat(65_535),
      shifts: fc.array(fc.nat(19), { maxLength: 60 }),
    });
    fc.assert(
      fc.property(disorder, ({ window, first, shifts }) => {
        const { out, push } = bench(window);
        const order = shifts
          .map((shift, i) => ({ sequence: (first + 1 + i) & 0xffff, at: i + (shift % window) }))
          .sort((a, b) => a.at - b.at)
          .map(({ sequence }) => sequence);
        push([first, ...order]);
        expect(out).toEqual([first, ...shifts.map((_, i) => (first + 1 + i) & 0xffff)]);
      }),
    );
  });

  it('never delivers twice or holds more than the window for any sequence', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(65_535), { maxLength: 200 }), (sequences) => {
        const { out, buffer, push } = bench(8);
        push(sequences);
        expect(sequences.length - out.length).toBeGreaterThanOrEqual(0);
        buffer.expire(1000);
        expect(buffer.nextDeadlineMs).toBeUndefined();
      }),
    );
  });
});
