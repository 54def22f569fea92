/** A stretch of wall time, Unix epoch milliseconds; the end does not belong to it. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** The same time as spans that neither touch nor overlap, in order; empty ones are left out. */
export function mergeSpans(spans: readonly Span[]): Span[] {
  const merged: { startMs: number; endMs: number }[] = [];
  const inOrder = spans
    .filter(({ startMs, endMs }) => startMs < endMs)
    .sort((a, b) => a.startMs - b.startMs);
  for (const { startMs, endMs } of inOrder) {
    const last = merged.at(-1);
    if (last !== undefined && startMs <= last.endMs) last.endMs = Math.max(last.endMs, endMs);
    else merged.push({ startMs, endMs });
  }
  return merged;
}

/** The span that an instant lies in. @param spans as {@link mergeSpans} gives them */
export function spanAt(spans: readonly Span[], ms: number): Span | undefined {
  return spans.find(({ startMs, endMs }) => startMs <= ms && ms < endMs);
}

/** The first instant after `ms` at which a span begins or ends. @param spans as {@link mergeSpans} gives them */
export function nextEdge(spans: readonly Span[], ms: number): number | undefined {
  for (const { startMs, endMs } of spans) {
    if (startMs > ms) return startMs;
    if (endMs > ms) return endMs;
  }
  return undefined;
}
