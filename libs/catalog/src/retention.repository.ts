import type { Database } from './database.js';

/** A segment as retention sees it. */
export interface RetainedSegment {
  run: string;
  sequence: number;
  camera: string;
  stream: string;
  volumeId: string;
  path: string;
  startMs: number;
  endMs: number;
  bytes: number;
  /** True for the newest segment of a run that has not ended: never to be deleted. */
  live: boolean;
}

/** A segment marked for deletion; its file may or may not be there still. */
export interface CondemnedSegment {
  run: string;
  sequence: number;
  path: string;
  bytes: number;
  startMs: number;
  rule: string;
}

export interface SegmentKey {
  run: string;
  sequence: number;
}

/** The queries and the two database steps of deletion. All lists come oldest first and bounded. */
export class RetentionRepository {
  constructor(private readonly database: Database) {}

  /** Bytes of all segments of a camera that are not being deleted, on any volume. */
  async cameraBytes(camera: string): Promise<number> {
    const rows = await this.database.query<{ bytes: number }>(CAMERA_BYTES, [camera]);
    return rows[0]?.bytes ?? 0;
  }

  /** The oldest segments of a camera on any volume, after `after` in this order. */
  async oldestOfCamera(
    camera: string,
    after: RetainedSegment | undefined,
    limit: number,
  ): Promise<RetainedSegment[]> {
    return this.database.query(describe(OLDEST_OF_CAMERA), [camera, ...keyOf(after), limit]);
  }

  /** The oldest segments of a volume, whichever camera, after `after` in this order. */
  async oldestOnVolume(
    volumeId: string,
    after: RetainedSegment | undefined,
    limit: number,
  ): Promise<RetainedSegment[]> {
    return this.database.query(describe(OLDEST_ON_VOLUME), [volumeId, ...keyOf(after), limit]);
  }

  /** First step of a deletion: the segments stop existing for everybody else. Those already marked keep their rule. */
  async condemn(segments: readonly (SegmentKey & { rule: string })[]): Promise<void> {
    if (segments.length === 0) return;
    await this.database.query(
      `UPDATE segment s SET state = 'deleting', delete_rule = i.rule
       FROM jsonb_to_recordset($1::jsonb) AS i(run text, sequence integer, rule text)
       WHERE s.run_id = i.run AND s.sequence = i.sequence AND s.state = 'present'`,
      [JSON.stringify(segments)],
    );
  }

  /** Segments whose deletion has begun, after `after` in this order. */
  async condemned(
    volumeId: string,
    after: CondemnedSegment | undefined,
    limit: number,
  ): Promise<CondemnedSegment[]> {
    return this.database.query(
      `SELECT s.run_id AS run, s.sequence, s.path, s.bytes::float8 AS bytes, s.delete_rule AS rule,
         (extract(epoch FROM s.start_at) * 1000)::float8 AS "startMs"
       FROM segment s WHERE s.volume_id = $1::uuid AND s.state = 'deleting' ${BEHIND_KEY}`,
      [volumeId, ...keyOf(after), limit],
    );
  }

  /** Last step, once the files are gone: writes the record of the deletion and drops the row, both or neither. */
  async bury(segments: readonly SegmentKey[]): Promise<void> {
    if (segments.length === 0) return;
    await this.database.query(
      `WITH gone AS (
         DELETE FROM segment s USING jsonb_to_recordset($1::jsonb) AS i(run text, sequence integer)
         WHERE s.run_id = i.run AND s.sequence = i.sequence AND s.state = 'deleting' RETURNING s.*
       )
       INSERT INTO deletion (run_id, sequence, stream_id, volume_id, path, start_at, end_at, bytes, hash, rule)
       SELECT run_id, sequence, stream_id, volume_id, path, start_at, end_at, bytes, hash, delete_rule FROM gone
       ON CONFLICT (run_id, sequence) DO UPDATE SET rule = EXCLUDED.rule, bytes = EXCLUDED.bytes, hash = EXCLUDED.hash, path = EXCLUDED.path, deleted_at = now()`,
      [JSON.stringify(segments)],
    );
  }

  /** Forgets records of deletions older than so many days. */
  async forgetDeletions(olderThanDays: number): Promise<void> {
    await this.database.query(
      'DELETE FROM deletion WHERE deleted_at < now() - make_interval(days => $1)',
      [olderThanDays],
    );
  }
}

const CAMERA_BYTES = `
  SELECT coalesce(sum(s.bytes), 0)::float8 AS bytes
  FROM segment s JOIN stream t ON t.id = s.stream_id JOIN camera c ON c.id = t.camera_id
  WHERE c.name = $1 AND s.state = 'present'`;

/**
 * Keyset paging; milliseconds in a double hold the microseconds of a timestamptz. The first condition says nothing new
 * but lets an index on start_at begin at the right place.
 */
const BEHIND_KEY = `
    AND s.start_at >= coalesce(to_timestamp($2::float8 / 1000), '-infinity')
    AND (s.start_at, s.run_id, s.sequence) >
      (coalesce(to_timestamp($2::float8 / 1000), '-infinity'), coalesce($3::text, ''), coalesce($4::integer, -1))
  ORDER BY s.start_at, s.run_id, s.sequence LIMIT $5`;

/** Per stream, so that each is read along its index. */
const OLDEST_OF_CAMERA = `
  SELECT s.* FROM stream t JOIN camera c ON c.id = t.camera_id
  CROSS JOIN LATERAL (
    SELECT s.* FROM segment s WHERE s.stream_id = t.id AND s.state = 'present' ${BEHIND_KEY}
  ) s
  WHERE c.name = $1 ORDER BY s.start_at, s.run_id, s.sequence LIMIT $5`;

const OLDEST_ON_VOLUME = `
  SELECT s.* FROM segment s WHERE s.volume_id = $1::uuid AND s.state = 'present' ${BEHIND_KEY}`;

/** Picks the few first, then says the rest about them. */
const describe = (picked: string): string => `
  WITH s AS MATERIALIZED (${picked})
  SELECT s.run_id AS run, s.sequence, c.name AS camera, t.name AS stream, s.volume_id AS "volumeId", s.path, s.bytes::float8 AS bytes,
    (extract(epoch FROM s.start_at) * 1000)::float8 AS "startMs", (extract(epoch FROM s.end_at) * 1000)::float8 AS "endMs",
    r.ended_at IS NULL AND s.start_at = (SELECT max(n.start_at) FROM segment n WHERE n.stream_id = s.stream_id) AS live
  FROM s JOIN stream t ON t.id = s.stream_id JOIN camera c ON c.id = t.camera_id JOIN run r ON r.id = s.run_id
  ORDER BY s.start_at, s.run_id, s.sequence`;

function keyOf(
  segment: { startMs: number; run: string; sequence: number } | undefined,
): [number | null, string | null, number | null] {
  return segment === undefined
    ? [null, null, null]
    : [segment.startMs, segment.run, segment.sequence];
}
