import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TokenBucket } from './token-bucket.js';

describe('a token bucket', () => {
  it('lets a burst pass, then so much per second', () => {
    const bucket = new TokenBucket(10, 20, 0);
    const passed = (nowMs: number): number => {
      let count = 0;
      while (bucket.take(1, nowMs)) count++;
      return count;
    };
    expect([passed(0), passed(0), passed(500), passed(60_000)]).toEqual([20, 0, 5, 20]);
  });

  it('lets more than its burst pass when it is full, to be paid back', () => {
    const bucket = new TokenBucket(10, 20, 0);
    expect(bucket.take(50, 0)).toBe(true);
    expect(bucket.take(1, 3_000)).toBe(false);
    expect(bucket.take(1, 3_100)).toBe(true);
  });

  it('never lets more pass than burst and rate together, and what was lent last', () => {
    const step = fc.record({ amount: fc.nat(50), laterMs: fc.nat(2_000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const bucket = new TokenBucket(100, 20, 0);
        let nowMs = 0;
        let passed = 0;
        for (const { amount, laterMs } of steps) {
          nowMs += laterMs;
          if (bucket.take(amount, nowMs)) passed += amount;
        }
        expect(passed).toBeLessThanOrEqual(20 + nowMs / 10 + 50);
      }),
    );
  });
});
