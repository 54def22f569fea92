import { describe, expect, it } from '@jest/globals';
import { Backoff } from './backoff.js';

describe('Backoff', () => {
  it('doubles up to its ceiling and starts anew after a reset', () => {
    const backoff = new Backoff({ initialMs: 1_000, maxMs: 5_000 }, () => 0.999_999);
    expect([1, 2, 3, 4, 5].map(() => Math.round(backoff.nextMs()))).toEqual([
      1_000, 2_000, 4_000, 5_000, 5_000,
    ]);
    backoff.reset();
    expect(Math.round(backoff.nextMs())).toBe(1_000);
  });

  it('spreads over the upper half', () => {
    expect(new Backoff({ initialMs: 1_000, maxMs: 5_000 }, () => 0).nextMs()).toBe(500);
  });
});
