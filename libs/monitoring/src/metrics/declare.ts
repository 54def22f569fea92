import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { LabelName } from './labels.js';

/** Every series of this process. */
export const registry = new Registry();

/** Metrics with a label `camera`, for {@link removeCameraSeries}. */
const perCamera: (Counter | Gauge | Histogram)[] = [];

export function counter<L extends LabelName = never>(
  name: string,
  help: string,
  labelNames: readonly L[] = [],
): Counter<L> {
  const metric = new Counter<L>({ ...described(name, help), labelNames });
  if (labelNames.some((label) => label === 'camera')) perCamera.push(metric);
  return metric;
}

export function gauge<L extends LabelName = never>(
  name: string,
  help: string,
  labelNames: readonly L[] = [],
  collect?: (this: Gauge<L>) => void,
): Gauge<L> {
  const base = { ...described(name, help), labelNames };
  const metric = new Gauge<L>(collect === undefined ? base : { ...base, collect });
  // Every role declares every metric; what a role never sets must not look like zero there.
  if (labelNames.length === 0) metric.remove();
  if (labelNames.some((label) => label === 'camera')) perCamera.push(metric);
  return metric;
}

/** @param buckets upper bounds in the unit of the name, rising */
export function histogram<L extends LabelName = never>(
  name: string,
  help: string,
  buckets: number[],
  labelNames: readonly L[] = [],
): Histogram<L> {
  return new Histogram<L>({ ...described(name, help), labelNames, buckets });
}

function described(name: string, help: string) {
  return { name: `nightjar_${name}`, help, registers: [registry] };
}

/** Removes every series of a camera (or of one stream of it) that left the configuration. */
export async function removeCameraSeries(camera: string, stream?: string): Promise<void> {
  for (const metric of perCamera) {
    for (const { labels } of (await metric.get()).values) {
      const meant = stream === undefined || labels['stream'] === stream;
      if (meant && labels['camera'] === camera) metric.remove(labels);
    }
  }
}
