import type { LedgerEntry, Span } from './account.js';
import type { MissingReason, UnwantedReason } from './reasons.js';

/** Footage without an interruption of the resolution or longer. */
export interface CoarseFootage extends Span {
  /** Interruptions inside, however short, and what they come to. */
  readonly holes: number;
  readonly holesMs: number;
}

/** Missing footage: one stretch, or several short ones that lie closer together than the resolution. */
export interface CoarseGap extends Span {
  /** Of most of it. */
  readonly reason: MissingReason;
  /** The raw reason; undefined where nobody said anything. */
  readonly detail: string | undefined;
  readonly stretches: number;
  readonly missingMs: number;
}

export interface CoarseUnwanted extends Span {
  readonly reason: UnwantedReason;
}

export interface CoarseAccount {
  readonly recorded: CoarseFootage[];
  readonly deleted: CoarseFootage[];
  readonly gaps: CoarseGap[];
  readonly unwanted: CoarseUnwanted[];
  readonly pending: Span[];
}

/**
 * An account for the eye: its size is bounded by the length of the range over the resolution. What is shorter than the resolution
 * is drawn together with its neighbours, but nothing missing is left out: each missing millisecond is counted in one gap.
 * @param entries as `account` gives them
 * @param resolutionMs 0 leaves all as it is
 */
export function coarsen(entries: readonly LedgerEntry[], resolutionMs: number): CoarseAccount {
  return {
    recorded: footage(entries, 'recorded', resolutionMs),
    deleted: footage(entries, 'deleted', resolutionMs),
    gaps: gaps(entries, resolutionMs),
    unwanted: merge(
      entries.flatMap((entry) => (entry.state === 'unwanted' ? [unwantedOf(entry)] : [])),
      resolutionMs,
      (a, b) => (a.reason === b.reason ? { ...a, endMs: b.endMs } : undefined),
    ),
    pending: merge(ofState(entries, 'pending'), resolutionMs, (a, b) => ({ ...a, endMs: b.endMs })),
  };
}

function ofState(entries: readonly LedgerEntry[], state: LedgerEntry['state']): Span[] {
  return entries
    .filter((entry) => entry.state === state)
    .map(({ startMs, endMs }) => ({ startMs, endMs }));
}

function footage(
  entries: readonly LedgerEntry[],
  state: 'recorded' | 'deleted',
  resolutionMs: number,
): CoarseFootage[] {
  const spans = ofState(entries, state).map((span) => ({ ...span, holes: 0, holesMs: 0 }));
  return merge(spans, resolutionMs, (a, b) => ({
    startMs: a.startMs,
    endMs: b.endMs,
    holes: a.holes + b.holes + 1,
    holesMs: a.holesMs + b.holesMs + b.startMs - a.endMs,
  }));
}

/** A gap of one reason, before it is drawn together with others. */
interface Stretch extends Span {
  readonly told: { readonly reason: MissingReason; readonly detail: string | undefined };
  readonly byReason: ReadonlyMap<string, number>;
  readonly stretches: number;
  readonly missingMs: number;
}

function gaps(entries: readonly LedgerEntry[], resolutionMs: number): CoarseGap[] {
  const stretches = entries.flatMap((entry): Stretch[] => {
    if (entry.state !== 'missing') return [];
    const { startMs, endMs, reason, detail } = entry;
    const missingMs = endMs - startMs;
    const byReason = new Map([[keyOf(entry), missingMs]]);
    return [{ startMs, endMs, told: { reason, detail }, byReason, stretches: 1, missingMs }];
  });
  const drawn = merge(stretches, resolutionMs, (a, b) =>
    mayJoin(a, b, resolutionMs) ? together(a, b) : undefined,
  );
  return drawn.map(({ startMs, endMs, told, stretches: count, missingMs }) => ({
    startMs,
    endMs,
    ...told,
    stretches: count,
    missingMs,
  }));
}

/** Reasons are mixed only where they could not be told apart: in stretches shorter than the resolution. */
function mayJoin(a: Stretch, b: Stretch, resolutionMs: number): boolean {
  const alike = keyOf(a.told) === keyOf(b.told) && a.byReason.size + b.byReason.size === 2;
  return alike || (a.endMs - a.startMs < resolutionMs && b.endMs - b.startMs < resolutionMs);
}

function together(a: Stretch, b: Stretch): Stretch {
  const byReason = new Map(a.byReason);
  for (const [key, ms] of b.byReason) byReason.set(key, (byReason.get(key) ?? 0) + ms);
  const weight = (stretch: Stretch): number => byReason.get(keyOf(stretch.told)) ?? 0;
  return {
    startMs: a.startMs,
    endMs: b.endMs,
    told: weight(b) > weight(a) ? b.told : a.told,
    byReason,
    stretches: a.stretches + b.stretches,
    missingMs: a.missingMs + b.missingMs,
  };
}

function keyOf({
  reason,
  detail,
}: {
  readonly reason: string;
  readonly detail: string | undefined;
}): string {
  return `${reason} ${detail ?? ''}`;
}

function unwantedOf({
  startMs,
  endMs,
  reason,
}: Extract<LedgerEntry, { state: 'unwanted' }>): CoarseUnwanted {
  return { startMs, endMs, reason };
}

/**
 * Draws neighbours together that lie closer than the resolution.
 * @param join undefined keeps the two apart
 */
function merge<Each extends Span>(
  spans: readonly Each[],
  resolutionMs: number,
  join: (a: Each, b: Each) => Each | undefined,
): Each[] {
  const result: Each[] = [];
  for (const span of spans) {
    const last = result.at(-1);
    const near = last !== undefined && span.startMs - last.endMs < resolutionMs;
    const drawn = near ? join(last, span) : undefined;
    if (drawn === undefined) result.push(span);
    else result[result.length - 1] = drawn;
  }
  return result;
}
