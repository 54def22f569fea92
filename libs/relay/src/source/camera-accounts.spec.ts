import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { CameraAccounts, NEVER } from './camera-accounts.js';

const POLICY = { tries: 3, pauseMs: 60_000, afterwardsMs: undefined };
const KEY = CameraAccounts.keyOf('cam', { username: 'a', password: 'b' });

describe('accounts at cameras', () => {
  let clock: ManualClock;
  let accounts: CameraAccounts;
  beforeEach(() => {
    clock = new ManualClock();
    accounts = new CameraAccounts(clock);
  });

  it('are tried a few times with long pauses, then left alone', () => {
    expect(accounts.wasRefused(KEY, POLICY)).toBe(60_000);
    expect(accounts.waitMs(KEY)).toBe(60_000);
    clock.advance(60_000);
    expect(accounts.waitMs(KEY)).toBe(0);
    expect(accounts.wasRefused(KEY, POLICY)).toBe(120_000);
    expect(accounts.wasRefused(KEY, POLICY)).toBe(NEVER);
    clock.advance(1e9);
    expect(accounts.waitMs(KEY)).toBe(NEVER);
  });

  it('are tried once in a while where that is configured', () => {
    const policy = { ...POLICY, tries: 1, afterwardsMs: 3_600_000 };
    expect(accounts.wasRefused(KEY, policy)).toBe(3_600_000);
    expect(accounts.wasRefused(KEY, policy)).toBe(3_600_000);
  });

  it('are forgiven when they work', () => {
    accounts.wasRefused(KEY, POLICY);
    accounts.wasAccepted(KEY);
    expect(accounts.waitMs(KEY)).toBe(0);
    expect(accounts.wasRefused(KEY, POLICY)).toBe(60_000);
  });

  it('are others with another password, user or camera', () => {
    for (let i = 0; i < 3; i++) accounts.wasRefused(KEY, POLICY);
    const others = [
      CameraAccounts.keyOf('cam', { username: 'a', password: 'c' }),
      CameraAccounts.keyOf('cam', { username: 'b', password: 'b' }),
      CameraAccounts.keyOf('cam2', { username: 'a', password: 'b' }),
      CameraAccounts.keyOf('cam', undefined),
    ];
    expect(others.map((key) => accounts.waitMs(key))).toEqual([0, 0, 0, 0]);
    expect(KEY).not.toContain('b"');
  });
});
