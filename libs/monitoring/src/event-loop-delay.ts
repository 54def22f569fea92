import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';

const PERCENTILES = [50, 90, 99, 100];
const RESOLUTION_MS = 50;
const NS_PER_SECOND = 1e9;

let histogram: IntervalHistogram | undefined;

/** Begins to measure; idempotent. Costs a timer every 50 ms: each wake-up of an idle process is dear. */
export function startEventLoopDelay(): void {
  histogram ??= monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
}

/** `[percentile, seconds]` since the last call; empty while not started or nothing was measured. */
export function takeEventLoopDelay(): [string, number][] {
  const measured = histogram;
  if (measured === undefined || !(measured.max > 0)) return [];
  const percentiles = PERCENTILES.map((percentile): [string, number] => {
    // The histogram holds whole intervals between ticks; what exceeds the resolution is the delay.
    const interval = measured.percentile(percentile) / NS_PER_SECOND;
    return [String(percentile), Math.max(0, interval - RESOLUTION_MS / 1_000)];
  });
  measured.reset();
  return percentiles;
}
