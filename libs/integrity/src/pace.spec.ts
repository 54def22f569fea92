import { expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { Pace } from './pace.js';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('lets through what the rate allows, and nothing in a burst after a pause', async () => {
  const clock = new ManualClock();
  const pace = new Pace(1_000, clock, new AbortController().signal);
  clock.advance(60_000);
  const done: string[] = [];
  const spend = (name: string, bytes: number): void =>
    void pace.spend(bytes).then(() => done.push(name));
  await pace.spend(250);
  spend('a', 500);
  await settle();
  expect(done).toEqual([]);
  clock.advance(499);
  await settle();
  expect(done).toEqual([]);
  clock.advance(1);
  await settle();
  expect(done).toEqual(['a']);
});

it('ends a wait when it is stopped', async () => {
  const stop = new AbortController();
  const pace = new Pace(1, new ManualClock(), stop.signal);
  const waiting = pace.spend(1_000_000);
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ kind: 'cancelled' });
  await expect(pace.spend(1)).rejects.toMatchObject({ kind: 'cancelled' });
});

it('without a rate never waits', async () => {
  const pace = new Pace(Infinity, new ManualClock(), new AbortController().signal);
  await pace.spend(1e12);
  await pace.spend(1e12);
});
