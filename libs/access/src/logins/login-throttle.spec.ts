import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LoginThrottle } from './login-throttle.js';

const SETTINGS = { tries: 10, windowMs: 600_000 };
const MINUTE_MS = 60_000;

describe('a throttle of logins', () => {
  let throttle: LoginThrottle;
  let now: number;
  beforeEach(() => {
    throttle = new LoginThrottle(() => SETTINGS);
    now = 1_800_000_000_000;
  });

  const fail = (client: string, user: string, times: number): void => {
    for (let i = 0; i < times; i++) throttle.failed(client, user, now);
  };

  it('lets a client err so many times, then once in a while', () => {
    fail('a', 'ann', 9);
    expect(throttle.waitMs('a', 'ann', now)).toBe(0);
    expect(throttle.failed('a', 'ann', now)).toBe(true);
    expect(throttle.waitMs('a', 'ann', now)).toBe(MINUTE_MS);
    now += MINUTE_MS;
    expect(throttle.waitMs('a', 'ann', now)).toBe(0);
    fail('a', 'ann', 1);
    expect(throttle.waitMs('a', 'ann', now)).toBe(MINUTE_MS);
    now += SETTINGS.windowMs;
    fail('a', 'ann', 9);
    expect(throttle.waitMs('a', 'ann', now)).toBe(0);
  });

  it('counts a client whatever user it tries', () => {
    for (let i = 0; i < 10; i++) throttle.failed('a', `user-${i}`, now);
    expect(throttle.waitMs('a', 'another', now)).toBeGreaterThan(0);
    expect(throttle.waitMs('b', 'user-1', now)).toBe(0);
  });

  it('keeps nobody out because strangers guess for the same user', () => {
    for (let i = 0; i < 500; i++) throttle.failed(`bot-${i}`, 'ann', now);
    expect(throttle.waitMs('home', 'ann', now)).toBe(0);
  });

  it('gives strangers one try at a time for a user under attack', () => {
    for (let i = 0; i < 50; i++) throttle.failed(`bot-${i}`, 'ann', now);
    fail('stranger', 'ann', 1);
    expect(throttle.waitMs('stranger', 'ann', now)).toBe(MINUTE_MS);
    expect(throttle.waitMs('stranger', 'bob', now)).toBe(0);
    now += MINUTE_MS;
    expect(throttle.waitMs('stranger', 'ann', now)).toBe(0);
  });

  it('does not hold the guesses of a neighbour at the same address against who is known there', () => {
    throttle.succeeded('office', 'ann', now);
    fail('office', 'bob', 100);
    expect(throttle.waitMs('office', 'bob', now)).toBeGreaterThan(0);
    expect(throttle.waitMs('office', 'ann', now)).toBe(0);
  });

  it('does not let a login of one user pay for guesses at another', () => {
    fail('a', 'ann', 9);
    throttle.succeeded('a', 'mallory', now);
    fail('a', 'ann', 1);
    expect(throttle.waitMs('a', 'ann', now)).toBeGreaterThan(0);
  });

  it('forgets who was known after a day', () => {
    throttle.succeeded('office', 'ann', now);
    now += 25 * 3_600_000;
    fail('office', 'bob', 10);
    expect(throttle.waitMs('office', 'ann', now)).toBeGreaterThan(0);
  });

  it('tells others of a success now and then only', () => {
    expect(throttle.succeeded('a', 'ann', now)).toBe(true);
    expect(throttle.succeeded('a', 'ann', now + MINUTE_MS)).toBe(false);
    expect(throttle.succeeded('a', 'ann', now + 13 * 3_600_000)).toBe(true);
  });

  it('never makes a client wait longer than its own failures say, and never for ever', () => {
    const attempt = fc.record({
      client: fc.constantFrom('a', 'b', 'c'),
      user: fc.constantFrom('ann', 'bob'),
      right: fc.boolean(),
      laterMs: fc.integer({ min: -MINUTE_MS, max: 2 * MINUTE_MS }),
    });
    fc.assert(
      fc.property(fc.array(attempt, { maxLength: 200 }), (attempts) => {
        const fresh = new LoginThrottle(() => SETTINGS);
        let at = 1_800_000_000_000;
        let failures = 0;
        for (const { client, user, right, laterMs } of attempts) {
          at += laterMs;
          if (right) fresh.succeeded(client, user, at);
          else {
            fresh.failed(client, user, at);
            failures += 1;
          }
        }
        expect(fresh.waitMs('never-failed', 'ann', at)).toBe(0);
        expect(fresh.waitMs('a', 'ann', at)).toBeLessThanOrEqual(
          (failures + 2) * MINUTE_MS + 200 * MINUTE_MS,
        );
        expect(fresh.waitMs('a', 'ann', at + (failures + 400) * MINUTE_MS)).toBe(0);
      }),
    );
  });
});
