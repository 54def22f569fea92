import { expect, it } from '@jest/globals';
import { labelProcess } from './label-process.js';
import type { MetricJson } from './operations-source.js';

it('labels what is of a process, and leaves what is of a camera', () => {
  const metric = (name: string, labels: object): MetricJson =>
    ({ name, values: [{ value: 1, labels }] }) as unknown as MetricJson;
  const labelled = labelProcess('1', [
    metric('process_cpu_seconds_total', {}),
    metric('nightjar_readers', { camera: 'front', stream: 'main' }),
    metric('nightjar_media_shard_up', { shard: '0' }),
  ]);
  expect(labelled.map(({ values }) => values[0]?.labels)).toEqual([
    { shard: '1' },
    { camera: 'front', stream: 'main' },
    { shard: '0' },
  ]);
});
