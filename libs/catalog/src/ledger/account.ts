import { INSIDE_REASONS, missingReasonOf } from './reasons.js';
import type { MissingReason, UnwantedReason } from './reasons.js';

/** Segments closer than this belong together: rounding of media clocks, not missing frames. */
export const SLIVER_MS = 50;

/** Half-open, Unix epoch milliseconds. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

export interface ReasonedSpan<Reason extends string = string> extends Span {
  readonly reason: Reason;
}

/** What the catalog knows about a stream, in any order and overlapping as it may; see {@link account}. */
export interface LedgerFacts {
  /** While it was in the configuration. */
  readonly declared: readonly Span[];
  readonly recorded: readonly Span[];
  /** Recorded once and removed since. */
  readonly deleted: readonly Span[];
  readonly unwanted: readonly ReasonedSpan<UnwantedReason>[];
  /** With raw reasons. */
  readonly gaps: readonly ReasonedSpan[];
  /** What tells of it lies on a volume that cannot be read; with the raw reason why. */
  readonly unread: readonly ReasonedSpan[];
  /** From here on facts may still be on their way. */
  readonly pendingFromMs: number;
}

/** What one stretch of time is. */
export type LedgerState =
  | { readonly state: 'recorded' | 'deleted' | 'pending' | 'undeclared' }
  | { readonly state: 'unwanted'; readonly reason: UnwantedReason }
  /** `detail`: the raw reason; undefined where nobody said anything. */
  | {
      readonly state: 'missing';
      readonly reason: MissingReason;
      readonly detail: string | undefined;
    };

export type LedgerEntry = Span & LedgerState;

/**
 * The account of a range: entries that touch each other and cover it exactly. Media that are missing inside a segment go before
 * its footage, recorded goes before deleted, that before not being declared, that before unwanted, that before a gap; what nothing tells of is pending if it is too early to tell, missing
 * with the volume that could tell, or `unknown`.
 * Of two gaps the one that began first holds until its end. A sliver between footage counts as the footage before it.
 */
export function account(range: Span, facts: LedgerFacts): LedgerEntry[] {
  if (range.endMs <= range.startMs) return [];
  const unknown = { state: 'missing', reason: 'unknown', detail: undefined } as const;
  const layers: Layer[] = [
    facts.unread.map((span) => ({ ...spanOf(span), is: missing(span.reason) })),
    [{ startMs: facts.pendingFromMs, endMs: Infinity, is: { state: 'pending' } }],
    facts.gaps.map((gap) => ({ ...spanOf(gap), is: missing(gap.reason) })),
    facts.unwanted.map((span) => ({
      ...spanOf(span),
      is: { state: 'unwanted', reason: span.reason },
    })),
    outside(facts.declared).map((span) => ({ ...span, is: { state: 'undeclared' } })),
    withHoles(footage(facts), facts.gaps),
  ];
  let painted: Layer = [{ ...spanOf(range), is: unknown }];
  for (const layer of layers) painted = paint(painted, disjoint(layer), range);
  return joined(painted).map(({ startMs, endMs, is }) => ({ startMs, endMs, ...is }));
}

interface Piece extends Span {
  readonly is: LedgerState;
}
type Layer = readonly Piece[];

function spanOf({ startMs, endMs }: Span): Span {
  return { startMs, endMs };
}

function missing(raw: string): LedgerState {
  return { state: 'missing', reason: missingReasonOf(raw), detail: raw };
}

/** Recorded over deleted, each held until the next begins if only a sliver lies between. */
function footage({ recorded, deleted }: LedgerFacts): Layer {
  const pieces = (spans: readonly Span[], state: 'recorded' | 'deleted'): Layer =>
    disjoint(spans.map((span) => ({ ...spanOf(span), is: { state } })));
  const all = paint(pieces(deleted, 'deleted'), pieces(recorded, 'recorded'));
  return all.map((piece, index) => {
    const next = all[index + 1];
    const near = next !== undefined && next.startMs - piece.endMs <= SLIVER_MS;
    return near ? { ...piece, endMs: next.startMs } : piece;
  });
}

/** Footage with the holes that its segments go on over. */
function withHoles(layer: Layer, gaps: readonly ReasonedSpan[]): Layer {
  const holes = disjoint(
    gaps
      .filter(
        ({ startMs, endMs, reason }) => INSIDE_REASONS.has(reason) && endMs - startMs > SLIVER_MS,
      )
      .map((gap) => ({ ...spanOf(gap), is: missing(gap.reason) })),
  );
  const inside: Piece[] = [];
  let at = 0;
  for (const piece of layer) {
    while ((holes[at]?.endMs ?? Infinity) <= piece.startMs) at += 1;
    for (let index = at; index < holes.length; index += 1) {
      const hole = holes[index]!;
      if (hole.startMs >= piece.endMs) break;
      const startMs = Math.max(hole.startMs, piece.startMs);
      inside.push({ ...hole, startMs, endMs: Math.min(hole.endMs, piece.endMs) });
    }
  }
  return paint(layer, inside);
}

/** All the time that no span covers, from the beginning to the end of time. */
function outside(spans: readonly Span[]): Span[] {
  const holes: Span[] = [];
  let reachedMs = -Infinity;
  for (const { startMs, endMs } of spans.toSorted(byStart)) {
    if (startMs > reachedMs) holes.push({ startMs: reachedMs, endMs: startMs });
    reachedMs = Math.max(reachedMs, endMs);
  }
  holes.push({ startMs: reachedMs, endMs: Infinity });
  return holes.filter(({ startMs, endMs }) => startMs < endMs);
}

/** In order and without overlap: what began first holds until its end, of two that began together the longer one. */
function disjoint(pieces: Layer): Layer {
  const result: Piece[] = [];
  let reachedMs = -Infinity;
  for (const piece of pieces.toSorted((a, b) => byStart(a, b) || b.endMs - a.endMs)) {
    const startMs = Math.max(piece.startMs, reachedMs);
    if (piece.endMs <= startMs) continue;
    result.push({ ...piece, startMs });
    reachedMs = piece.endMs;
  }
  return result;
}

/**
 * Puts one ordered layer on top of another.
 * @param within nothing outside of it is painted
 */
function paint(
  under: Layer,
  over: Layer,
  within: Span = { startMs: -Infinity, endMs: Infinity },
): Layer {
  const result: Piece[] = [];
  const push = (piece: Piece, startMs: number, endMs: number): void => {
    if (startMs < endMs) result.push({ startMs, endMs, is: piece.is });
  };
  let at = 0;
  let reachedMs = -Infinity;
  const showUnder = (untilMs: number): void => {
    for (let piece = under[at]; piece !== undefined; piece = under[at]) {
      push(piece, Math.max(piece.startMs, reachedMs), Math.min(piece.endMs, untilMs));
      if (piece.endMs > untilMs) break;
      at += 1;
    }
  };
  for (const piece of over) {
    const startMs = Math.max(piece.startMs, within.startMs);
    const endMs = Math.min(piece.endMs, within.endMs);
    if (startMs >= endMs) continue;
    showUnder(startMs);
    push(piece, startMs, endMs);
    reachedMs = endMs;
  }
  showUnder(Infinity);
  return result;
}

/** Neighbours that say the same are one. */
function joined(pieces: Layer): Layer {
  const result: Piece[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    if (last !== undefined && last.endMs === piece.startMs && same(last.is, piece.is))
      result[result.length - 1] = { ...last, endMs: piece.endMs };
    else result.push(piece);
  }
  return result;
}

/** Whether two stretches are told the same way, reason and raw reason included. */
export function same(a: LedgerState, b: LedgerState): boolean {
  if (a.state === 'missing' && b.state === 'missing')
    return a.reason === b.reason && a.detail === b.detail;
  if (a.state === 'unwanted' && b.state === 'unwanted') return a.reason === b.reason;
  return a.state === b.state;
}

function byStart(a: Span, b: Span): number {
  return a.startMs - b.startMs;
}
