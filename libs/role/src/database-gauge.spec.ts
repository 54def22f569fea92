import { expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { metrics } from '@nightjar/monitoring';
import { gaugeDatabase } from './database-gauge.js';

const up = async () => (await metrics.databaseUp.get()).values.map(({ value }) => value);

it('tells a database that answers from one that refuses or hangs', async () => {
  const clock = new ManualClock();
  await gaugeDatabase(async () => undefined, clock);
  expect(await up()).toEqual([1]);
  await gaugeDatabase(() => Promise.reject(new Error('refused')), clock);
  expect(await up()).toEqual([0]);
  await gaugeDatabase(async () => undefined, clock);
  const asked = gaugeDatabase(() => new Promise(() => undefined), clock);
  clock.advance(1_000);
  await asked;
  expect(await up()).toEqual([0]);
});
