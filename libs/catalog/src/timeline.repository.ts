import type { Database } from './database.js';

/** Unbroken footage: consecutive segments merged. */
export interface RecordedSpan {
  startMs: number;
  endMs: number;
  segments: number;
  bytes: number;
}

/** Footage that should exist and does not, and why. */
export interface GapSpan {
  startMs: number;
  endMs: number;
  reason: string;
}

export interface Timeline {
  recorded: RecordedSpan[];
  gaps: GapSpan[];
}

export interface CatalogStream {
  camera: string;
  stream: string;
  /** Undefined while nothing is recorded. */
  oldestMs: number | undefined;
  newestMs: number | undefined;
}

/** No segment is longer than this; bounds how far before a range its first segment can start. */
const MAX_SEGMENT_SPAN = '1 day';
/** Segments closer than this belong together: rounding of media clocks, not missing frames. */
const TOUCH_MS = 50;

export class TimelineRepository {
  constructor(private readonly database: Database) {}

  /** What is recorded and what is missing of a stream between two wall times, clipped to them, in order. */
  async timeline(
    camera: string,
    stream: string,
    startMs: number,
    endMs: number,
  ): Promise<Timeline> {
    const range = [camera, stream, startMs, endMs];
    const recorded = await this.database.query<RecordedSpan>(RECORDED_SPANS, [...range, TOUCH_MS]);
    const gaps = await this.database.query<GapSpan>(GAP_SPANS, range);
    const clip = <Span extends { startMs: number; endMs: number }>(span: Span): Span => ({
      ...span,
      startMs: Math.max(span.startMs, startMs),
      endMs: Math.min(span.endMs, endMs),
    });
    return { recorded: recorded.map(clip), gaps: gaps.map(clip) };
  }

  /** Every stream that was ever recorded, with its extent. */
  async streams(): Promise<CatalogStream[]> {
    const rows = await this.database.query<
      Omit<CatalogStream, 'oldestMs' | 'newestMs'> & {
        oldestMs: number | null;
        newestMs: number | null;
      }
    >(STREAMS);
    return rows.map((row) => ({
      ...row,
      oldestMs: row.oldestMs ?? undefined,
      newestMs: row.newestMs ?? undefined,
    }));
  }
}

/** Gaps and islands: a segment starts a new island when it begins later than everything before it has ended. */
const RECORDED_SPANS = `
  WITH wanted AS (
    SELECT s.start_at, s.end_at, s.bytes
    FROM segment s JOIN stream t ON t.id = s.stream_id JOIN camera c ON c.id = t.camera_id
    WHERE c.name = $1 AND t.name = $2 AND s.state = 'present'
      AND s.start_at >= to_timestamp($3::float8 / 1000) - interval '${MAX_SEGMENT_SPAN}'
      AND s.start_at < to_timestamp($4::float8 / 1000)
      AND s.end_at > to_timestamp($3::float8 / 1000)
  ), marked AS (
    SELECT *, start_at > max(end_at) OVER (ORDER BY start_at, end_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
      + make_interval(secs => $5::float8 / 1000) AS begins
    FROM wanted
  ), islands AS (
    SELECT *, count(*) FILTER (WHERE begins) OVER (ORDER BY start_at, end_at) AS island FROM marked
  )
  SELECT (extract(epoch FROM min(start_at)) * 1000)::float8 AS "startMs", (extract(epoch FROM max(end_at)) * 1000)::float8 AS "endMs",
    count(*)::integer AS segments, sum(bytes)::float8 AS bytes
  FROM islands GROUP BY island ORDER BY 1`;

const GAP_SPANS = `
  SELECT (extract(epoch FROM g.start_at) * 1000)::float8 AS "startMs", (extract(epoch FROM g.end_at) * 1000)::float8 AS "endMs", g.reason
  FROM gap g JOIN stream t ON t.id = g.stream_id JOIN camera c ON c.id = t.camera_id
  WHERE c.name = $1 AND t.name = $2 AND g.start_at < to_timestamp($4::float8 / 1000) AND g.end_at > to_timestamp($3::float8 / 1000)
  ORDER BY g.start_at, g.end_at`;

const STREAMS = `
  SELECT c.name AS camera, t.name AS stream,
    (extract(epoch FROM oldest.start_at) * 1000)::float8 AS "oldestMs", (extract(epoch FROM newest.end_at) * 1000)::float8 AS "newestMs"
  FROM stream t JOIN camera c ON c.id = t.camera_id
  LEFT JOIN LATERAL (
    SELECT s.start_at FROM segment s WHERE s.stream_id = t.id AND s.state = 'present' ORDER BY s.start_at LIMIT 1
  ) oldest ON true
  LEFT JOIN LATERAL (
    SELECT s.end_at FROM segment s WHERE s.stream_id = t.id AND s.state = 'present' ORDER BY s.start_at DESC LIMIT 1
  ) newest ON true
  ORDER BY c.name, t.name`;
