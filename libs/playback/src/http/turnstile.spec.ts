import { describe, expect, it } from '@jest/globals';
import { Turnstile } from './turnstile.js';

describe('Turnstile', () => {
  it('lets few work, others wait in order, and refuses the rest', async () => {
    const turnstile = new Turnstile(2, 2, 'tests');
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const runs = [0, 1, 2, 3].map((n) =>
      turnstile.run(async () => {
        begun.push(n);
        await new Promise<void>((resolve) => ends.push(resolve));
        return n;
      }),
    );
    await expect(turnstile.run(async () => 4)).rejects.toMatchObject({ kind: 'exhausted' });
    expect(begun).toEqual([0, 1]);
    ends[0]!();
    await runs[0];
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun).toEqual([0, 1, 2]);
    ends[1]!();
    ends[2]!();
    await Promise.all([runs[1], runs[2]]);
    await new Promise((resolve) => setImmediate(resolve));
    ends[3]!();
    expect(await runs[3]).toBe(3);
    expect(await turnstile.run(async () => 5)).toBe(5);
  });

  it('goes on after a failure', async () => {
    const turnstile = new Turnstile(1, 0, 'tests');
    await expect(turnstile.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await turnstile.run(async () => 1)).toBe(1);
  });
});
