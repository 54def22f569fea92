import { AggregatorRegistry } from 'prom-client';
import type { MetricJson } from './operations-source.js';

/** Prometheus text of several processes' series, told apart by the label `role`. */
export function aggregate(
  processes: readonly { readonly role: string; readonly metrics: readonly MetricJson[] }[],
): Promise<string> {
  const labelled = processes.map(({ role, metrics }) =>
    metrics.map((metric) => ({
      ...metric,
      // No two series share all labels, so nothing is summed or left out.
      aggregator: 'first',
      values: metric.values.map((value) => ({ ...value, labels: { role, ...value.labels } })),
    })),
  );
  return AggregatorRegistry.aggregate(labelled).metrics();
}
