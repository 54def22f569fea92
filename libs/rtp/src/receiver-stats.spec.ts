import { describe, expect, it } from '@jest/globals';
import { ReceiverStats } from './receiver-stats.js';

const CLOCK_RATE_HZ = 90_000;

function feed(stats: ReceiverStats, sequences: number[]): void {
  for (const seq of sequences) stats.packet(seq & 0xffff, seq * 900, seq * 10);
}

describe('receiver stats', () => {
  it('counts losses over the wrap, and none for what comes late', () => {
    const stats = new ReceiverStats(CLOCK_RATE_HZ);
    feed(stats, [65_534, 65_535, 65_538, 65_537]);
    expect(stats.received).toBe(4);
    expect(stats.lost).toBe(1);
    expect(stats.report(0)).toMatchObject({ cumulativeLost: 1, highestSequence: 65_538 });
  });

  it('reports the fraction lost since the report before', () => {
    const stats = new ReceiverStats(CLOCK_RATE_HZ);
    feed(stats, [0, 1, 2, 7]);
    expect(stats.report(0).fractionLost).toBe(128);
    feed(stats, [8, 9]);
    expect(stats.report(0)).toMatchObject({ fractionLost: 0, cumulativeLost: 4 });
    expect(stats.report(0).fractionLost).toBe(0);
  });

  it('has no jitter when packets come as they were stamped, over the wrap of timestamps too', () => {
    const stats = new ReceiverStats(CLOCK_RATE_HZ);
    for (let i = 0; i < 10; i += 1) stats.packet(i, (0xffff_f000 + i * 900) >>> 0, i * 10);
    expect(stats.jitterSeconds).toBeCloseTo(0, 9);
  });

  it('smooths jitter by a sixteenth (RFC 3550 A.8)', () => {
    const stats = new ReceiverStats(CLOCK_RATE_HZ);
    stats.packet(0, 0, 0);
    stats.packet(1, 900, 26);
    expect(stats.jitterSeconds).toBeCloseTo(0.016 / 16, 9);
    expect(stats.report(0).jitterTicks).toBe(90);
  });

  it('says when the last sender report was, in NTP units', () => {
    const stats = new ReceiverStats(CLOCK_RATE_HZ);
    expect(stats.report(0)).toMatchObject({ lastSenderReport: 0, delaySinceLastSenderReport: 0 });
    stats.senderReport(Date.UTC(2026, 10, 20) + 500, 1000);
    expect(stats.report(3500)).toMatchObject({
      lastSenderReport: 0x0c00_8000,
      delaySinceLastSenderReport: 2.5 * 65_536,
    });
  });

  it('takes a far jump for a restart once the next packet confirms it', () => {
    const stats = new ReceiverStats(CLOCK_RATE_HZ);
    feed(stats, [100, 101, 30_000, 102, 103, 30_001]);
    expect(stats.lost).toBe(0);
    expect(stats.received).toBe(4);
    feed(stats, [40_000, 40_001, 40_002]);
    expect(stats.lost).toBe(0);
    expect(stats.report(0).highestSequence).toBe(40_002);
  });

  it('names the source its owner latched', () => {
    const stats = new ReceiverStats(CLOCK_RATE_HZ);
    stats.ssrc = 77;
    expect(stats.report(0)).toMatchObject({ ssrc: 77, highestSequence: 0, cumulativeLost: 0 });
  });
});
