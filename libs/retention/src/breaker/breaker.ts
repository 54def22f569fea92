import type { BlockReason, DoomedOf, RetentionRule } from '@nightjar/catalog';

export interface BreakerInput {
  /** What the sweep would delete on the volume. */
  readonly doomed: readonly DoomedOf[];
  /** All footage on the volume, or less if that is enough to see that the sweep is small. */
  readonly footageBytes: number;
  /** Footage on it that began since the sweep before: so much has to make room in the ordinary course. */
  readonly recordedBytes: number;
  /** `retention.maxShare`. */
  readonly maxShare: number;
  readonly nowMs: number;
  /** When the volume was last swept at a time that was believed; without that, the end of its newest footage. */
  readonly lastSweepMs: number;
  /** By how much the wall clock ran ahead of the monotonic one in this process. */
  readonly jumpMs: number;
}

export interface Trip {
  readonly reason: BlockReason;
  /** For operators, without the volume's name. */
  readonly message: string;
  /** The latest time that can be believed. */
  readonly trustedMs: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The wall clock of a running process moves on its own no further than this: slewing and leap seconds are far below. */
export const MAX_STEP_MS = HOUR_MS;
/** Nobody swept for so long: rather a wrong clock, or a disk from the shelf, than a recorder that was off. */
export const MAX_ABSENCE_MS = 31 * DAY_MS;
/** What fell due while nobody swept may take this share; more than that always asks. */
export const MAX_ORDINARY_SHARE = 0.5;
/** Less footage than this, all streams together, is no bulk deletion, however little there is. */
export const BULK_MS = HOUR_MS;

const AGE_RULES: ReadonlySet<RetentionRule> = new Set(['maxAge', 'eventMaxAge', 'volumeMaxAge']);

/**
 * Whether a sweep looks wrong. Ordinary is: what grew too old since the sweep before, and for the sake of room as much as
 * was recorded since. Anything beyond that is the doing of a new rule, a clock or a disk, and may take `maxShare` of the
 * footage.
 * @returns undefined to go on
 */
export function judge(input: BreakerInput): Trip | undefined {
  const { doomed, footageBytes, maxShare, nowMs, lastSweepMs, jumpMs } = input;
  const aged = doomed.filter(({ rule }) => AGE_RULES.has(rule));
  const agedBytes = total(aged, ({ bytes }) => bytes);
  if (jumpMs > MAX_STEP_MS && agedBytes > 0)
    return {
      reason: 'clock',
      message: `the clock of this machine jumped ahead by ${printSpan(jumpMs)}; ${printShare(agedBytes, footageBytes)} of the footage would be too old all at once`,
      trustedMs: nowMs - jumpMs,
    };
  if (total(doomed, ({ durationMs }) => durationMs) < BULK_MS) return undefined;
  const bytes = total(doomed, (row) => row.bytes);
  const absenceMs = nowMs - lastSweepMs;
  const believed = absenceMs <= MAX_ABSENCE_MS;
  const fellDueBytes = believed ? total(aged, (row) => row.fellDueBytes) : 0;
  const replacedBytes = believed ? Math.min(bytes - agedBytes, input.recordedBytes) : 0;
  const beyondBytes = bytes - fellDueBytes - replacedBytes;
  const limitBytes = maxShare * footageBytes;
  if (
    beyondBytes <= limitBytes &&
    bytes - replacedBytes <= Math.max(maxShare, MAX_ORDINARY_SHARE) * footageBytes
  )
    return undefined;
  if (!believed && bytes - agedBytes <= limitBytes)
    return {
      reason: 'clock',
      message: `nobody swept for ${printSpan(absenceMs)}, or the clock is wrong: ${printShare(agedBytes, footageBytes)} of the footage would be too old all at once`,
      trustedMs: lastSweepMs,
    };
  return {
    reason: 'share',
    message: `${printShare(bytes, footageBytes)} of the footage would be deleted at once (retention.maxShare is ${Math.round(maxShare * 100)} %)`,
    trustedMs: nowMs,
  };
}

function total<Row>(rows: readonly Row[], of: (row: Row) => number): number {
  return rows.reduce((sum, row) => sum + of(row), 0);
}

function printShare(bytes: number, ofBytes: number): string {
  return `${ofBytes === 0 ? 100 : Math.round((bytes / ofBytes) * 100)} %`;
}

/** In the largest unit that says enough. */
export function printSpan(ms: number): string {
  return ms >= 2 * DAY_MS ? `${Math.round(ms / DAY_MS)} days` : `${Math.round(ms / HOUR_MS)} hours`;
}
