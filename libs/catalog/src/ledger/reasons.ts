/** Why nothing is recorded although nothing is wrong. */
export type UnwantedReason = 'off' | 'schedule' | 'no-event' | 'manual' | 'privacy';

/** Why footage is missing, as operators and metrics are told: a closed list, usable as a metric label. */
export const MISSING_REASONS = [
  'camera-offline',
  'auth-failed',
  'network',
  'timestamps',
  'packet-loss',
  'disk-full',
  'disk-slow',
  'disk-error',
  'disk-read-only',
  'no-permission',
  'volume-missing',
  'process-down',
  'configuration',
  'unknown',
] as const;

export type MissingReason = (typeof MISSING_REASONS)[number];

/** Raw reasons, as journals and gap rows keep them, that operators are told under another name. */
const TOLD_AS: ReadonlyMap<string, MissingReason> = new Map([
  // How the connection to a camera fails or ends: `OfflineReason` of the relay.
  ['refused', 'camera-offline'],
  ['timeout', 'camera-offline'],
  ['closed', 'camera-offline'],
  ['protocol', 'camera-offline'],
  ['stalled', 'camera-offline'],
  ['not-published', 'camera-offline'],
  ['unreachable', 'network'],
  ['unauthorized', 'auth-failed'],
  ['untrusted', 'auth-failed'],
  ['not-found', 'configuration'],
  ['stopped', 'configuration'],
  ['limit', 'configuration'],
  // How the recorder ends a run.
  ['format-change', 'camera-offline'],
  ['clock-step', 'timestamps'],
  ['crash', 'process-down'],
  // A file that is gone although nobody removed it.
  ['file-vanished', 'disk-error'],
  // Why a write fails, beyond the disk reasons that are told as they are.
  ['unsupported', 'configuration'],
  // Only volumes that are drained or read-only.
  ['no-active-volume', 'configuration'],
] satisfies [string, MissingReason][]);

/** Raw reasons of media that are missing inside a segment, which goes on over the hole. */
export const INSIDE_REASONS: ReadonlySet<string> = new Set(['packet-loss', 'stalled']);

const SAME: ReadonlySet<string> = new Set(MISSING_REASONS);

/** What a raw reason is told as; a reason that nobody knows, of a later version or a damaged line, is `unknown`. */
export function missingReasonOf(raw: string): MissingReason {
  return SAME.has(raw) ? (raw as MissingReason) : (TOLD_AS.get(raw) ?? 'unknown');
}
