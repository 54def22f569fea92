import type { MetricJson } from './operations-source.js';

/**
 * The series of one of several processes with the same role, told apart by a label `shard`. Series of a camera stay as
 * they are: a camera is in one process, and whoever looks at it need not know in which.
 */
export function labelProcess(shard: string, metrics: readonly MetricJson[]): MetricJson[] {
  return metrics.map((metric) => ({
    ...metric,
    values: metric.values.map((value) =>
      'camera' in value.labels || 'shard' in value.labels
        ? value
        : { ...value, labels: { ...value.labels, shard } },
    ),
  }));
}
