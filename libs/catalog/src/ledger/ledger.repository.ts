import { MISSING_FILE_RULE } from '../audit.repository.js';
import type { SqlRunner } from '../database.js';
import { SLIVER_MS } from './account.js';
import type { LedgerFacts, ReasonedSpan, Span } from './account.js';
import type { UnwantedReason } from './reasons.js';

/** Unbroken footage: consecutive segments merged. */
export interface RecordedSpan extends Span {
  readonly segments: number;
  readonly bytes: number;
}

/** {@link LedgerFacts} of a range, with what the segments come to. */
export interface StreamFacts extends LedgerFacts {
  readonly recorded: readonly RecordedSpan[];
  readonly declared: readonly Span[];
}

/** A stream as the catalog knows it. */
export interface LedgerStream {
  readonly id: number;
  readonly camera: string;
  readonly stream: string;
}

/**
 * No segment is longer than this, and gaps and unwanted spans that are have an index of their own (migration 0002): bounds how far
 * before a range something can begin that reaches into it.
 */
const MAX_SHORT_SPAN_MS = 86_400_000;

/** What the catalog knows about streams, read so that the cost depends on the range and not on the history. */
export class LedgerRepository {
  constructor(private readonly sql: SqlRunner) {}

  /** Every stream, or those of one camera. */
  async streams(camera?: string): Promise<LedgerStream[]> {
    return this.sql.query(
      `SELECT t.id, c.name AS camera, t.name AS stream FROM stream t JOIN camera c ON c.id = t.camera_id
       WHERE $1::text IS NULL OR c.name = $1 ORDER BY c.name, t.name`,
      [camera ?? null],
    );
  }

  /**
   * All that `account` needs for a range of a stream. Footage is read in one statement, so that a segment that is removed
   * meanwhile is seen once.
   */
  async facts(stream: number, range: Span): Promise<StreamFacts> {
    const earliestMs = range.startMs - MAX_SHORT_SPAN_MS;
    const footage = await this.sql.query<FootageRow>(FOOTAGE, [
      stream,
      range.startMs - SLIVER_MS,
      range.endMs + SLIVER_MS,
      earliestMs,
      SLIVER_MS,
      MISSING_FILE_RULE,
    ]);
    const told = await this.sql.query<ToldRow>(TOLD, [
      stream,
      range.startMs,
      range.endMs,
      earliestMs,
      MISSING_FILE_RULE,
    ]);
    const ofKind = (kind: ToldRow['kind']): ToldRow[] => told.filter((row) => row.kind === kind);
    const declared = ofKind('declared').map(toSpan);
    const [known] = ofKind('known');
    // Whatever is known of the footage after an open segment, the segment itself may still come.
    const until = [known?.startMs, known?.endMs].filter((ms) => ms !== null && ms !== undefined);
    return {
      recorded: footage.filter(({ present }) => present).map(toRecorded),
      deleted: footage.filter(({ present }) => !present),
      gaps: ofKind('gap').map(toReasoned),
      unwanted: ofKind('unwanted').map(toReasoned) as ReasonedSpan<UnwantedReason>[],
      unread: ofKind('unread').map(toReasoned),
      declared,
      pendingFromMs: until.length > 0 ? Math.min(...until) : (declared.at(-1)?.startMs ?? 0),
    };
  }
}

/** `known`: the end of the last fact, and that of the last segment of a run that goes on, or null where there is none. */
interface ToldRow {
  readonly kind: 'gap' | 'unwanted' | 'unread' | 'declared' | 'known';
  readonly startMs: number | null;
  /** Null: for ever. */
  readonly endMs: number | null;
  readonly reason: string | null;
}

function toSpan({ startMs, endMs }: ToldRow): Span {
  return { startMs: startMs ?? -Infinity, endMs: endMs ?? Infinity };
}

function toReasoned(row: ToldRow): ReasonedSpan {
  return { ...toSpan(row), reason: row.reason ?? '' };
}

interface FootageRow extends RecordedSpan {
  readonly present: boolean;
}

function toRecorded({ startMs, endMs, segments, bytes }: FootageRow): RecordedSpan {
  return { startMs, endMs, segments, bytes };
}

/** A parameter in Unix epoch milliseconds as a time; folded before planning, so that partitions are pruned by it. */
const at = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`;
const ms = (time: string, name: string): string =>
  `(extract(epoch FROM ${time}) * 1000)::float8 AS "${name}"`;

/**
 * Gaps and islands: a segment starts a new island when it begins later than everything before it has ended.
 * $1 stream, $2 start, $3 end, $4 earliest start of a segment that reaches into the range, $5 sliver, $6 rule of what is not a deletion.
 */
export const FOOTAGE = `
  WITH footage AS (
    SELECT start_at, end_at, bytes, state = 'present' AS present FROM segment
    WHERE stream_id = $1 AND start_at >= ${at('$4')} AND start_at < ${at('$3')} AND end_at > ${at('$2')}
    UNION ALL
    SELECT start_at, end_at, 0, false FROM deletion
    WHERE stream_id = $1 AND start_at >= ${at('$4')} AND start_at < ${at('$3')} AND end_at > ${at('$2')} AND rule <> $6
  ), marked AS (
    SELECT *, start_at > max(end_at) OVER (
      PARTITION BY present ORDER BY start_at, end_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) + make_interval(secs => $5::float8 / 1000) AS begins
    FROM footage
  ), islands AS (
    SELECT *, count(*) FILTER (WHERE begins) OVER (PARTITION BY present ORDER BY start_at, end_at) AS island FROM marked
  )
  SELECT present, ${ms('min(start_at)', 'startMs')}, ${ms('max(end_at)', 'endMs')},
    count(*)::integer AS segments, sum(bytes)::float8 AS bytes
  FROM islands GROUP BY present, island ORDER BY 2`;

/** $1 stream, $2 start, $3 end, $4 earliest start of a span that is not long. */
export const reasonedSpans = (table: 'gap' | 'unwanted'): string => `
  SELECT '${table}' AS kind, ${ms('start_at', 'startMs')}, ${ms('end_at', 'endMs')}, reason FROM ${table}
  WHERE stream_id = $1 AND start_at >= ${at('$4')} AND start_at < ${at('$3')} AND end_at > ${at('$2')}
  UNION ALL
  SELECT '${table}', ${ms('start_at', 'startMs')}, ${ms('end_at', 'endMs')}, reason FROM ${table}
  WHERE stream_id = $1 AND end_at - start_at > interval '1 day' AND end_at > ${at('$2')} AND start_at < ${at('$4')}`;

/** A file that is gone although nobody removed it leaves a gap. $5 the rule under which it is noted. */
const VANISHED = `
  SELECT 'gap', ${ms('start_at', 'startMs')}, ${ms('end_at', 'endMs')}, 'file-vanished' FROM deletion
  WHERE stream_id = $1 AND start_at >= ${at('$4')} AND start_at < ${at('$3')} AND end_at > ${at('$2')} AND rule = $5`;

/**
 * A run that was followed by another and whose end nobody told, on a volume that cannot be read: its journal and its last file
 * may tell once they can. $1 stream, $2 start, $3 end.
 */
export const UNREAD = `
  SELECT 'unread', ${ms('from_at', 'startMs')}, ${ms('to_at', 'endMs')}, health
  FROM (
    SELECT greatest(run.started_at, last.end_at) AS from_at, next.started_at AS to_at, volume.health
    FROM run JOIN volume ON volume.id = run.volume_id
    JOIN LATERAL (
      SELECT started_at FROM run later WHERE later.stream_id = $1 AND later.started_at > run.started_at
      ORDER BY later.started_at LIMIT 1
    ) next ON true
    LEFT JOIN LATERAL (
      SELECT end_at FROM segment WHERE segment.stream_id = $1 AND segment.start_at >= run.started_at - interval '1 second'
        AND segment.start_at < next.started_at AND segment.run_id = run.id
      ORDER BY segment.start_at DESC LIMIT 1
    ) last ON true
    WHERE run.stream_id = $1 AND run.ended_at IS NULL AND run.started_at < ${at('$3')} AND next.started_at > ${at('$2')}
      AND volume.health NOT IN ('healthy', 'unknown')
  ) unread
  WHERE from_at < to_at AND from_at < ${at('$3')}`;

/**
 * Who has footage and was never declared is taken for declared from the first segment on. The account begins where all facts are
 * still known.
 */
const DECLARED = `
  SELECT 'declared', ${ms('greatest(from_at, facts_from)', 'startMs')}, ${ms('to_at', 'endMs')}, NULL
  FROM (
    SELECT from_at, to_at FROM stream_declaration WHERE stream_id = $1
    UNION ALL
    SELECT start_at, NULL FROM (SELECT start_at FROM segment WHERE stream_id = $1 ORDER BY start_at LIMIT 1) first
    WHERE NOT EXISTS (SELECT 1 FROM declaration WHERE stream_id = $1)
  ) declared JOIN stream ON stream.id = $1
  WHERE to_at IS NULL OR facts_from IS NULL OR to_at > facts_from`;

/** The newest run alone may be open: one that is followed by another has ended, whatever became of the record that says so. */
export const LAST_KNOWN = `
  SELECT 'known' AS kind, ${ms(
    `greatest(
      last_segment.end_at,
      (SELECT end_at FROM gap WHERE stream_id = $1 ORDER BY start_at DESC LIMIT 1),
      (SELECT end_at FROM unwanted WHERE stream_id = $1 ORDER BY start_at DESC LIMIT 1))`,
    'startMs',
  )}, ${ms(
    `CASE WHEN last_run.ended_at IS NULL THEN
      CASE WHEN last_segment.run_id = last_run.id THEN last_segment.end_at ELSE last_run.started_at END
    END`,
    'endMs',
  )}, NULL::text AS reason
  FROM (SELECT 1) one
  LEFT JOIN (SELECT run_id, end_at FROM segment WHERE stream_id = $1 ORDER BY start_at DESC LIMIT 1) last_segment ON true
  LEFT JOIN (SELECT id, started_at, ended_at FROM run WHERE stream_id = $1 ORDER BY started_at DESC LIMIT 1) last_run ON true`;

/** All but the footage, in one statement. */
const TOLD = [
  reasonedSpans('gap'),
  VANISHED,
  reasonedSpans('unwanted'),
  UNREAD,
  DECLARED,
  LAST_KNOWN,
]
  .map((part) => `(${part})`)
  .join(' UNION ALL ');
