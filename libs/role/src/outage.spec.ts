import { expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { Outage } from './outage.js';

it('is told once, then of how long, and when it is over', async () => {
  const clock = new ManualClock();
  const said: unknown[] = [];
  const say = (fields: object | string, message?: string): void =>
    void said.push([message, fields]);
  let away = true;
  const ask = async (): Promise<void> => {
    if (away) throw new Error('refused');
  };
  const outage = new Outage({ server: 'the queue', ask, clock, log: { info: say, warn: say } });
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      clock.advance(1_000);
      await Promise.resolve().then(() => undefined);
    }
  };

  for (let n = 0; n < 60; n += 1) outage.complain('terminated');
  expect(said.splice(0)).toEqual([['the queue is away', { reason: 'terminated' }]]);
  await pass(59);
  expect(said).toEqual([]);
  await pass(3);
  expect(said.splice(0)).toEqual([
    ['the queue is still away', { reason: 'refused', awaySeconds: 60, complaints: 60 }],
  ]);

  away = false;
  await pass(10);
  expect(said.splice(0)).toEqual([['the queue is back', { awaySeconds: 64, complaints: 60 }]]);

  away = true;
  outage.complain('terminated');
  expect(said).toEqual([['the queue is away', { reason: 'terminated' }]]);
});
