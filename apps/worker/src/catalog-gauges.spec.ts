import { expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { metrics } from '@nightjar/monitoring';
import { CatalogGauges } from './catalog-gauges.js';

const values = async () => (await metrics.recordingOldestTimestampSeconds.get()).values;
const settled = () => new Promise(setImmediate);

it('tells how far back footage reaches, forgets streams that have none left, and outlives a database that is away', async () => {
  const clock = new ManualClock();
  let answer = async () => [
    { camera: 'yard', stream: 'main', oldestMs: 5_000, newestMs: 9_000 },
    { camera: 'gate', stream: 'main', oldestMs: undefined, newestMs: undefined },
  ];
  const gauges = new CatalogGauges({ streams: () => answer() }, clock);
  gauges.start();
  await settled();
  expect(await values()).toEqual([{ labels: { camera: 'yard', stream: 'main' }, value: 5 }]);

  answer = () => Promise.reject(new Error('away'));
  clock.advance(60_000);
  await settled();
  expect(await values()).toHaveLength(1);

  answer = async () => [];
  clock.advance(60_000);
  await settled();
  expect(await values()).toEqual([]);

  await gauges.stop();
  answer = () => Promise.reject(new Error('asked after the end'));
  clock.advance(120_000);
});
