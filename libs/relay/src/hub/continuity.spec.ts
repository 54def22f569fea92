import { describe, expect, it } from '@jest/globals';
import type { MonotonicMs } from '@nightjar/common';
import { encodeRtp, sequenceOf, ssrcOf, timestampOf } from '@nightjar/rtp';
import { TrackContinuity } from './continuity.js';

const RATE = 90_000;

function run(
  continuity: TrackContinuity,
  sequence: number,
  timestamp: number,
  atMs: number,
): [number, number] {
  const packet = encodeRtp(
    { payloadType: 96, sequence, timestamp, ssrc: 99, marker: false },
    Buffer.alloc(5),
  );
  continuity.rewrite(packet, 0, packet.length, atMs as MonotonicMs);
  expect(ssrcOf(packet, 0)).toBe(continuity.ssrc);
  return [sequenceOf(packet, 0), timestampOf(packet, 0)];
}

describe('the continuity of a track', () => {
  it('keeps steps and losses of a session as they are', () => {
    const c = new TrackContinuity(RATE);
    const [s0, t0] = run(c, 65_535, 0xffff_fff0, 1000);
    const [s1, t1] = run(c, 2, 3584, 1040);
    expect([(s1 - s0) & 0xffff, (t1 - t0) >>> 0]).toEqual([3, 3600]);
  });

  it('continues by the time that passed when the camera starts a new session', () => {
    const c = new TrackContinuity(RATE);
    const [s0, t0] = run(c, 100, 5_000_000, 1000);
    c.restart();
    const [s1, t1] = run(c, 40_000, 17, 6000);
    expect([(s1 - s0) & 0xffff, (t1 - t0) >>> 0]).toEqual([1, 5 * RATE]);
    const [s2, t2] = run(c, 40_001, 17 + 3600, 6040);
    expect([(s2 - s1) & 0xffff, (t2 - t1) >>> 0]).toEqual([1, 3600]);
  });

  it.each([
    ['ahead by an hour', 3600 * RATE],
    ['back by an hour', -3600 * RATE],
    ['ahead by three seconds', 3 * RATE],
  ])('smooths over a clock that jumps %s', (_, jump) => {
    const c = new TrackContinuity(RATE);
    const start = 1_000_000_000;
    const [, t0] = run(c, 1, start, 1000);
    const [, t1] = run(c, 2, (start + 3600 + jump) >>> 0, 1040);
    expect((t1 - t0) >>> 0).toBe(3600);
    expect(c.jumps).toBe(1);
  });

  it('keeps a frame of distance at a jump, however close the frames arrived', () => {
    const c = new TrackContinuity(RATE);
    run(c, 1, 1_000_000, 1000);
    const [, t1] = run(c, 2, 1_003_600, 1040);
    const [, t2] = run(c, 3, 1_007_200 + 3600 * RATE, 1042);
    expect((t2 - t1) >>> 0).toBe(3600);
    const [, t3] = run(c, 4, 1_010_800 + 3600 * RATE + 5 * RATE, 6080);
    const [, t4] = run(c, 5, 1_010_800, 6090);
    expect([(t3 - t2) >>> 0, (t4 - t3) >>> 0]).toEqual([5 * RATE + 3600, 3600]);
    expect(c.jumps).toBe(2);
  });

  it('takes neither B-frames nor a burst after a stall for a jump', () => {
    const c = new TrackContinuity(RATE);
    const [, t0] = run(c, 1, 100_000, 1000);
    const [, t1] = run(c, 2, 100_000 - 7200, 1040);
    expect((t1 - t0) | 0).toBe(-7200);
    const [, t2] = run(c, 3, 103_600, 9000);
    expect((t2 - t0) | 0).toBe(3600);
    const [, t3] = run(c, 4, 103_600 + 8 * RATE, 9001 + 8000);
    expect((t3 - t2) | 0).toBe(8 * RATE);
    expect(c.jumps).toBe(0);
  });
});
