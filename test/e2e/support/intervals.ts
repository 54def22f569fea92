/** A stretch of time, Unix epoch ms; the end does not belong to it. */
export interface Interval {
  readonly startMs: number;
  readonly endMs: number;
}

/** What is in some intervals, each instant once, and in none of others. */
export function without(some: readonly Interval[], others: readonly Interval[]): Interval[] {
  const covered = merged(others);
  return merged(some).flatMap((one) => {
    const left: Interval[] = [];
    let { startMs } = one;
    for (const other of covered) {
      if (other.endMs <= startMs || other.startMs >= one.endMs) continue;
      if (other.startMs > startMs) left.push({ startMs, endMs: other.startMs });
      startMs = other.endMs;
    }
    if (startMs < one.endMs) left.push({ startMs, endMs: one.endMs });
    return left;
  });
}

export function lengthMs(intervals: readonly Interval[]): number {
  return intervals.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
}

/** In order, without overlaps. */
function merged(intervals: readonly Interval[]): Interval[] {
  const result: Interval[] = [];
  for (const one of intervals.toSorted((a, b) => a.startMs - b.startMs)) {
    const last = result.at(-1);
    if (last === undefined || one.startMs > last.endMs) result.push(one);
    else if (one.endMs > last.endMs)
      result[result.length - 1] = { startMs: last.startMs, endMs: one.endMs };
  }
  return result;
}
