import { describe, expect, it } from '@jest/globals';
import {
  FIRST_DELAY_MS,
  HEALTHY_AFTER_MS,
  MAX_DELAY_MS,
  RestartBackoff,
} from './restart-backoff.js';

describe('RestartBackoff', () => {
  it('restarts at once after the first crash, then waits twice as long each time', () => {
    const backoff = new RestartBackoff();
    expect([1, 2, 3, 4].map(() => backoff.next(10))).toEqual([
      0,
      FIRST_DELAY_MS,
      2 * FIRST_DELAY_MS,
      4 * FIRST_DELAY_MS,
    ]);
  });

  it('never waits longer than the ceiling', () => {
    const backoff = new RestartBackoff();
    for (let i = 0; i < 40; i += 1) backoff.next(0);
    expect(backoff.next(0)).toBe(MAX_DELAY_MS);
  });

  it('begins anew after a healthy life', () => {
    const backoff = new RestartBackoff();
    for (let i = 0; i < 5; i += 1) backoff.next(0);
    expect(backoff.next(HEALTHY_AFTER_MS)).toBe(0);
    expect(backoff.next(0)).toBe(FIRST_DELAY_MS);
  });
});
