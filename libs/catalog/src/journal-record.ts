import type { AuditEntry } from './audit-entry.js';
import type { UnwantedReason } from './ledger/reasons.js';

/** One finished segment file, as the journal reports it and as the file itself can tell: enough to rebuild its row. */
export interface SegmentFacts {
  /** Relative to the volume root, `/` separators. */
  readonly path: string;
  /** 12 lower-case hex characters. */
  readonly run: string;
  /** Position in the run, from 0. */
  readonly sequence: number;
  readonly camera: string;
  readonly stream: string;
  /** Wall time, Unix epoch milliseconds; may hold a fraction. */
  readonly startMs: number;
  readonly endMs: number;
  readonly bytes: number;
  readonly keyframes: number;
  /** Hex digest of the file. */
  readonly hash: string;
  /** Hash of the segment before it in the stream; null for the first of all, undefined where it is not known. */
  readonly previousHash?: string | null;
  /** True if a crash left the file open and recovery closed it. */
  readonly recovered: boolean;
  readonly codecs: readonly string[];
}

/** One line of a volume's journal (without its `seq`). The recorder writes them, the catalog is fed by them, at least once. */
export type JournalRecord =
  | RunStarted
  | SegmentOpened
  | ({ readonly type: 'segment-closed'; readonly volumeId: string } & SegmentFacts)
  | RunEnded
  | Gap
  | Unwanted
  | Declared
  | Withdrawn
  | OwnEvent
  | EventsOver
  | Audited;

interface OfStream {
  readonly camera: string;
  readonly stream: string;
}

interface RunStarted extends OfStream {
  readonly type: 'run-started';
  readonly run: string;
  readonly volumeId: string;
  readonly startedAtMs: number;
}

interface SegmentOpened extends OfStream {
  readonly type: 'segment-opened';
  readonly path: string;
  readonly run: string;
  readonly sequence: number;
  readonly startMs: number;
}

interface RunEnded extends OfStream {
  readonly type: 'run-ended';
  readonly run: string;
  readonly endedAtMs: number;
  readonly reason: string;
}

/** Footage that is missing: told again with a later end while it goes on. */
interface Gap extends OfStream {
  readonly type: 'gap';
  readonly startMs: number;
  readonly endMs: number;
  readonly reason: string;
  /** It went on when this was written. */
  readonly running?: boolean;
}

/** Footage that nobody asked for: told again with a later end while it goes on. */
interface Unwanted extends OfStream {
  readonly type: 'unwanted';
  readonly startMs: number;
  readonly endMs: number;
  readonly reason: UnwantedReason;
  /** It went on when this was written. */
  readonly running?: boolean;
}

/** From here on every instant of the stream is accounted for. */
interface Declared extends OfStream {
  readonly type: 'declared';
  readonly atMs: number;
}

/** The stream left the configuration: nothing is accounted for until it is declared again. */
interface Withdrawn extends OfStream {
  readonly type: 'withdrawn';
  readonly atMs: number;
}

/**
 * What Nightjar itself has to tell of a stream: told again, by the same id, with what is known by then, until it has an end.
 * A row of `event` with the source {@link OWN_SOURCE}.
 */
interface OwnEvent extends OfStream {
  readonly type: 'event';
  readonly id: string;
  /** The type of the event. */
  readonly event: string;
  readonly startMs: number;
  /** Left out while it goes on. At most a day behind the start. */
  readonly endMs?: number;
  readonly label?: string;
  readonly data?: Readonly<Record<string, string | number | boolean>>;
}

/** A decision of a media process. A row of `audit`. */
type Audited = { readonly type: 'audit' } & AuditEntry;

/** No {@link OwnEvent} of the stream that began before goes on: who told of it is no more. */
interface EventsOver extends OfStream {
  readonly type: 'events-over';
  readonly atMs: number;
}

/** Where a reader of the journal stands: everything before it is consumed. */
export interface JournalCursor {
  readonly file: number;
  /** Byte offset of the next line in that file. */
  readonly offset: number;
}

/** Negative, zero or positive as `a` lies before, at or behind `b`. */
export function compareCursors(a: JournalCursor, b: JournalCursor): number {
  return a.file - b.file || a.offset - b.offset;
}

const RUN = /^[0-9a-f]{12}$/;

/**
 * True if the database can store this record. A journal line that is not (a bit flip, a future version) is left out and
 * counted by the feed instead of stopping it for ever.
 */
export function isStorable(record: JournalRecord): boolean {
  if (record.type === 'audit') return isAudit(record);
  if (!isText(record.camera) || !isText(record.stream)) return false;
  switch (record.type) {
    case 'run-started':
      return RUN.test(record.run) && isTime(record.startedAtMs);
    case 'run-ended':
      return RUN.test(record.run) && isTime(record.endedAtMs) && isText(record.reason);
    case 'gap':
      return isSpan(record.startMs, record.endMs) && isText(record.reason);
    case 'unwanted':
      return isSpan(record.startMs, record.endMs) && isText(record.reason);
    case 'declared':
    case 'withdrawn':
    case 'events-over':
      return isTime(record.atMs);
    case 'event':
      return (
        isText(record.id) &&
        isText(record.event) &&
        isSpan(record.startMs, record.endMs ?? record.startMs) &&
        (record.label === undefined || isText(record.label)) &&
        (record.data === undefined || isData(record.data))
      );
    case 'segment-opened':
      return RUN.test(record.run);
    case 'segment-closed':
      return (
        RUN.test(record.run) &&
        isCount(record.sequence, MAX_INTEGER) &&
        isSpan(record.startMs, record.endMs) &&
        isCount(record.bytes, Number.MAX_SAFE_INTEGER) &&
        isCount(record.keyframes, MAX_INTEGER) &&
        isText(record.path) &&
        isText(record.hash) &&
        (record.previousHash === undefined ||
          record.previousHash === null ||
          isText(record.previousHash)) &&
        typeof record.recovered === 'boolean' &&
        Array.isArray(record.codecs) &&
        record.codecs.every(isText)
      );
    default:
      return false;
  }
}

function isAudit({ id, atMs, kind, principal, address, protocol, camera, data }: Audited): boolean {
  const texts = [principal, address, protocol, camera];
  return (
    isText(id) &&
    isTime(atMs) &&
    isText(kind) &&
    texts.every((text) => text === undefined || isText(text)) &&
    (data === undefined || isData(data))
  );
}

/** Largest `integer` of PostgreSQL. */
const MAX_INTEGER = 2 ** 31 - 1;
/** Below it, dividing by 1000 can underflow. */
const MIN_TIME_MS = 1;
/** End of the year 9999. */
const MAX_TIME_MS = 253_402_300_799_999;
/** What text of PostgreSQL cannot hold: NUL and lone surrogates. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && !UNSTORABLE.test(value);
}

function isData(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(
    ([name, one]) =>
      isText(name) &&
      (typeof one === 'string'
        ? !UNSTORABLE.test(one)
        : ['number', 'boolean'].includes(typeof one)),
  );
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && value >= MIN_TIME_MS && value <= MAX_TIME_MS;
}

function isSpan(startMs: unknown, endMs: unknown): boolean {
  return isTime(startMs) && isTime(endMs) && (startMs as number) <= (endMs as number);
}

function isCount(value: unknown, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;
}
