import type { Database } from '../database.js';

/** One deletion and what it was decided on. Times are Unix epoch milliseconds. */
export interface LoggedDeletion {
  readonly camera: string;
  readonly stream: string;
  readonly volume: string;
  readonly path: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly bytes: number;
  readonly rule: string;
  readonly hash: string | null;
  readonly detail: object | null;
  readonly deletedAtMs: number;
  /** Recording run that the segment was of. */
  readonly run: string;
  readonly sequence: number;
}

/** A segment that is there, or whose deletion has begun. */
export interface KeptSegment {
  readonly stream: string;
  readonly volume: string;
  readonly path: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly bytes: number;
  readonly state: 'present' | 'deleting';
}

/** Why footage is gone. */
export class DeletionLogRepository {
  constructor(private readonly database: Database) {}

  /** Deletions of footage of a camera that overlaps [startMs, endMs), in order of the footage, at most `limit`. */
  async between(
    camera: string,
    startMs: number,
    endMs: number,
    limit: number,
  ): Promise<LoggedDeletion[]> {
    return this.database.query(DELETIONS, [camera, startMs, endMs, limit]);
  }

  /** Segments of a camera that cover an instant. */
  async kept(camera: string, atMs: number): Promise<KeptSegment[]> {
    return this.database.query(KEPT, [camera, atMs]);
  }

  /** Raw reasons of the gaps of a camera at an instant. */
  async gaps(camera: string, atMs: number): Promise<{ stream: string; reason: string }[]> {
    return this.database.query(GAPS, [camera, atMs]);
  }
}

/** No segment is longer than this; lets an index on the start answer what overlaps. */
const MAX_SEGMENT_SPAN = "interval '1 day'";
const at = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`;
const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;

const DELETIONS = `
  SELECT c.name AS camera, t.name AS stream, coalesce(v.name, d.volume_id::text) AS volume, d.path, ${ms('d.start_at')} AS "startMs",
    ${ms('d.end_at')} AS "endMs", d.bytes::float8 AS bytes, d.rule, d.hash, d.detail, ${ms('d.deleted_at')} AS "deletedAtMs",
    d.run_id AS run, d.sequence
  FROM camera c JOIN stream t ON t.camera_id = c.id JOIN deletion d ON d.stream_id = t.id LEFT JOIN volume v ON v.id = d.volume_id
  WHERE c.name = $1 AND d.start_at < ${at('$3')} AND d.start_at >= ${at('$2')} - ${MAX_SEGMENT_SPAN} AND d.end_at > ${at('$2')}
  ORDER BY d.start_at, d.run_id, d.sequence LIMIT $4`;

const KEPT = `
  SELECT t.name AS stream, v.name AS volume, s.path, ${ms('s.start_at')} AS "startMs", ${ms('s.end_at')} AS "endMs",
    s.bytes::float8 AS bytes, s.state
  FROM camera c JOIN stream t ON t.camera_id = c.id JOIN segment s ON s.stream_id = t.id JOIN volume v ON v.id = s.volume_id
  WHERE c.name = $1 AND s.start_at <= ${at('$2')} AND s.start_at >= ${at('$2')} - ${MAX_SEGMENT_SPAN} AND s.end_at > ${at('$2')}
  ORDER BY t.name, s.start_at`;

const GAPS = `
  SELECT t.name AS stream, g.reason FROM camera c JOIN stream t ON t.camera_id = c.id JOIN gap g ON g.stream_id = t.id
  WHERE c.name = $1 AND g.start_at <= ${at('$2')} AND g.end_at > ${at('$2')} ORDER BY t.name, g.reason`;
