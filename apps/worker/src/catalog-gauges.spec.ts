import { expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { metrics } from '@nightjar/monitoring';
import { CatalogGauges } from './catalog-gauges.js';

const values = async () => (await metrics.recordingOldestTimestampSeconds.get()).values;

it('tells how far back footage reaches, forgets streams that have none left, and outlives a database that is away', async () => {
  const clock = new ManualClock();
  let asked = 0;
  let answer = async () => [
    { camera: 'yard', stream: 'main', oldestMs: 5_000, newestMs: 9_000 },
    { camera: 'gate', stream: 'main', oldestMs: undefined, newestMs: undefined },
  ];
  const streams = () => {
    asked += 1;
    return answer();
  };
  const gauges = new CatalogGauges({ streams }, clock);
  const scrape = async () => {
    gauges.collect();
    await new Promise(setImmediate);
  };
  await scrape();
  expect(await values()).toEqual([{ labels: { camera: 'yard', stream: 'main' }, value: 5 }]);

  await scrape();
  expect(asked).toBe(1);

  answer = () => Promise.reject(new Error('away'));
  clock.advance(10_000);
  await scrape();
  expect([asked, (await values()).length]).toEqual([2, 1]);

  answer = async () => [];
  clock.advance(10_000);
  await scrape();
  expect(await values()).toEqual([]);

  answer = () => new Promise(() => undefined);
  clock.advance(10_000);
  await scrape();
  clock.advance(10_000);
  await scrape();
  expect(asked).toBe(4);
});
