import type { LedgerEntry, Span } from './account.js';
import type { MissingReason } from './reasons.js';

/** What became of the time in which a stream was declared; the four sums come to `declaredMs`. */
export interface Completeness {
  readonly declaredMs: number;
  /** Also what retention removed since: it was recorded. */
  readonly recordedMs: number;
  readonly unwantedMs: number;
  readonly missingMs: number;
  readonly pendingMs: number;
  /** `missingMs` by reason, largest first. */
  readonly missing: Readonly<Partial<Record<MissingReason, number>>>;
}

/**
 * Sums of a part of an account.
 * @param declared the sums are of nothing else
 */
export function completenessOf(
  entries: readonly LedgerEntry[],
  declared: readonly Span[],
  within: Span,
): Completeness {
  const sums = { recorded: 0, unwanted: 0, missing: 0, pending: 0 };
  const missing = new Map<MissingReason, number>();
  for (const entry of entries) {
    const ms = overlapMs(entry, declared, within);
    if (ms === 0 || entry.state === 'undeclared') continue;
    sums[entry.state === 'deleted' ? 'recorded' : entry.state] += ms;
    if (entry.state === 'missing') missing.set(entry.reason, (missing.get(entry.reason) ?? 0) + ms);
  }
  return {
    declaredMs: sums.recorded + sums.unwanted + sums.missing + sums.pending,
    recordedMs: sums.recorded,
    unwantedMs: sums.unwanted,
    missingMs: sums.missing,
    pendingMs: sums.pending,
    missing: Object.fromEntries([...missing].toSorted(([, a], [, b]) => b - a)),
  };
}

/** Share of the wanted time that was recorded, 0 to 100; undefined if nothing was wanted yet. */
export function percentageOf({ recordedMs, missingMs }: Completeness): number | undefined {
  const wantedMs = recordedMs + missingMs;
  return wantedMs === 0 ? undefined : (100 * recordedMs) / wantedMs;
}

/** How much of an entry lies in the declared time within a range; `declared` does not overlap itself. */
function overlapMs(entry: Span, declared: readonly Span[], within: Span): number {
  const startMs = Math.max(entry.startMs, within.startMs);
  const endMs = Math.min(entry.endMs, within.endMs);
  if (startMs >= endMs) return 0;
  return declared.reduce(
    (sum, span) => sum + Math.max(0, Math.min(endMs, span.endMs) - Math.max(startMs, span.startMs)),
    0,
  );
}
