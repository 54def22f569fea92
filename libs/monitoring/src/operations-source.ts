import { collectDefaultMetrics, type Registry } from 'prom-client';
import { registry } from './metrics/declare.js';
import { startEventLoopDelay } from './event-loop-delay.js';

/** One metric as prom-client's `registry.getMetricsAsJSON()` gives it; plain data. */
export type MetricJson = Awaited<ReturnType<Registry['getMetricsAsJSON']>>[number];

export interface Readiness {
  readonly ready: boolean;
  /** Why not, in words for an operator; while it is ready, what is wrong all the same. */
  readonly reasons: readonly string[];
}

/** One process as the operations server sees it. */
export interface OperationsSource {
  /** Becomes the label `role` of every series; unique among the sources of a server. */
  readonly role: string;
  metrics(): Promise<MetricJson[]>;
  ready(): Promise<Readiness>;
}

/** This process. Also begins to measure it. */
export function localSource(
  role: string,
  ready: () => Readiness | Promise<Readiness>,
): OperationsSource {
  measureProcess();
  return {
    role,
    metrics: () => registry.getMetricsAsJSON(),
    ready: async () => ready(),
  };
}

/** Gauges that are called counters, and what our own measure of the event loop tells. */
const LEFT_OUT = [
  'nodejs_active_resources_total',
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_eventloop_lag_seconds',
  ...['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].map(
    (part) => `nodejs_eventloop_lag_${part}_seconds`,
  ),
];

let measured = false;

/** CPU, memory, garbage collection, event loop: once per process, and only where somebody scrapes. */
function measureProcess(): void {
  if (measured) return;
  measured = true;
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 1_000 });
  for (const name of LEFT_OUT) registry.removeSingleMetric(name);
  startEventLoopDelay();
}
