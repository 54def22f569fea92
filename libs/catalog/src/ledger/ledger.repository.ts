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

/** No segment is longer than this; bounds how far before a range its first segment can start. */
const MAX_SEGMENT_SPAN_MS = 86_400_000;

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
   * All that `account` needs for a range of a stream. Footage is read before anything else, so that a segment that is removed
   * meanwhile is seen at least once.
   */
  async facts(stream: number, range: Span): Promise<StreamFacts> {
    const footage = await this.sql.query<FootageRow>(FOOTAGE, [
      stream,
      range.startMs - SLIVER_MS,
      range.endMs + SLIVER_MS,
      range.startMs - MAX_SEGMENT_SPAN_MS,
      SLIVER_MS,
      MISSING_FILE_RULE,
    ]);
    const bounds = [stream, range.startMs, range.endMs, range.startMs - LONG_SPAN_MS];
    const gaps = await this.sql.query<ReasonedSpan>(reasonedSpans('gap'), bounds);
    const vanished = await this.sql.query<ReasonedSpan>(VANISHED, [
      stream,
      range.startMs,
      range.endMs,
      range.startMs - MAX_SEGMENT_SPAN_MS,
      MISSING_FILE_RULE,
    ]);
    const unwanted = await this.sql.query<ReasonedSpan<UnwantedReason>>(
      reasonedSpans('unwanted'),
      bounds,
    );
    const declared = await this.declared(stream);
    return {
      recorded: footage.filter(({ present }) => present).map(toRecorded),
      deleted: footage.filter(({ present }) => !present),
      gaps: [...gaps, ...vanished],
      unwanted,
      declared,
      pendingFromMs: (await this.pendingFrom(stream)) ?? declared.at(-1)?.startMs ?? 0,
    };
  }

  private async declared(stream: number): Promise<Span[]> {
    const rows = await this.sql.query<{ startMs: number; endMs: number | null }>(DECLARED, [
      stream,
    ]);
    return rows.map(({ startMs, endMs }) => ({ startMs, endMs: endMs ?? Infinity }));
  }

  /** Until the last known fact, or until the last segment of a run that goes on. Undefined if nothing is known. */
  private async pendingFrom(stream: number): Promise<number | undefined> {
    const [row] = await this.sql.query<{ lastMs: number | null; openMs: number | null }>(
      LAST_KNOWN,
      [stream],
    );
    const known = [row?.lastMs, row?.openMs].filter((ms) => ms !== null && ms !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }
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

const VANISHED = `
  SELECT ${ms('start_at', 'startMs')}, ${ms('end_at', 'endMs')}, 'file-vanished' AS reason FROM deletion
  WHERE stream_id = $1 AND start_at >= ${at('$4')} AND start_at < ${at('$3')} AND end_at > ${at('$2')} AND rule = $5`;

/** Longer spans are few and have an index of their own; see migration 0002. */
const LONG_SPAN_MS = 86_400_000;

/** $1 stream, $2 start, $3 end, $4 start less {@link LONG_SPAN_MS}: what began before and reaches into the range is long. */
export const reasonedSpans = (table: 'gap' | 'unwanted'): string => `
  SELECT ${ms('start_at', 'startMs')}, ${ms('end_at', 'endMs')}, reason FROM ${table}
  WHERE stream_id = $1 AND start_at >= ${at('$4')} AND start_at < ${at('$3')} AND end_at > ${at('$2')}
  UNION ALL
  SELECT ${ms('start_at', 'startMs')}, ${ms('end_at', 'endMs')}, reason FROM ${table}
  WHERE stream_id = $1 AND end_at - start_at > interval '1 day' AND end_at > ${at('$2')} AND start_at < ${at('$4')}`;

/**
 * Who has footage and was never declared is taken for declared from the first segment on. The account begins where all facts are
 * still known.
 */
const DECLARED = `
  WITH told AS (
    SELECT from_at, to_at FROM stream_declaration WHERE stream_id = $1
    UNION ALL
    SELECT start_at, NULL FROM (SELECT start_at FROM segment WHERE stream_id = $1 ORDER BY start_at LIMIT 1) first
    WHERE NOT EXISTS (SELECT 1 FROM declaration WHERE stream_id = $1)
  )
  SELECT ${ms('greatest(from_at, facts_from)', 'startMs')}, ${ms('to_at', 'endMs')}
  FROM told JOIN stream ON stream.id = $1
  WHERE to_at IS NULL OR facts_from IS NULL OR to_at > facts_from ORDER BY 1`;

/** The newest run alone may be open: one that is followed by another has ended, whatever became of the record that says so. */
export const LAST_KNOWN = `
  WITH last_segment AS (
    SELECT run_id, end_at FROM segment WHERE stream_id = $1 ORDER BY start_at DESC LIMIT 1
  ), last_run AS (
    SELECT id, started_at, ended_at FROM run WHERE stream_id = $1 ORDER BY started_at DESC LIMIT 1
  )
  SELECT ${ms(
    `greatest(
      (SELECT end_at FROM last_segment),
      (SELECT end_at FROM gap WHERE stream_id = $1 ORDER BY start_at DESC LIMIT 1),
      (SELECT end_at FROM unwanted WHERE stream_id = $1 ORDER BY start_at DESC LIMIT 1))`,
    'lastMs',
  )}, (
    SELECT (extract(epoch FROM coalesce((SELECT end_at FROM last_segment WHERE run_id = last_run.id), started_at)) * 1000)::float8
    FROM last_run WHERE ended_at IS NULL
  ) AS "openMs"`;
