import type { Database } from '../database.js';
import { CONDEMN_SETTING, condemnQuery } from './footage-query.js';
import type { PlaceLine, StreamLine } from './footage-query.js';
import { FootageReader, parameters, readsEvents } from './footage-reader.js';

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

export interface Condemnation {
  readonly segments: number;
  readonly bytes: number;
  /** Start of the newest of them; null if there was none. */
  readonly newestMs: number | null;
}

/** What is to be condemned next. */
export interface CondemnOrder {
  readonly lines: readonly StreamLine[];
  readonly places: readonly PlaceLine[];
  readonly nowMs: number;
  /** Go on at this start. */
  readonly fromMs: number | undefined;
  readonly limit: number;
  /** Written down with each deletion. */
  readonly detail: object;
}

/** Decisions and the two database steps of deletion. */
export class RetentionRepository {
  constructor(private readonly database: Database) {}

  /** Questions that are all answered from the same state of the catalog. */
  async read<Result>(work: (reader: FootageReader) => Promise<Result>): Promise<Result> {
    return this.database.snapshot((sql) => work(new FootageReader(sql)));
  }

  /**
   * Runs `work` unless somebody else sweeps this volume, in this or another process.
   * @returns undefined if somebody does
   */
  async exclusively<Result>(
    volumeId: string,
    work: (stillOurs: () => Promise<void>) => Promise<Result>,
  ): Promise<Result | undefined> {
    return this.database.exclusively(`nightjar.retention/${volumeId}`, work);
  }

  /**
   * First step of a deletion: the oldest segments that a rule claims and nothing protects stop existing for everybody
   * else. Protection is asked for here again, so that a hold counts from the moment it is made.
   */
  async condemn(order: CondemnOrder): Promise<Condemnation> {
    const { lines, places, nowMs, fromMs, limit, detail } = order;
    const [row] = await this.database.transaction(async (sql) => {
      await sql.query(CONDEMN_SETTING, []);
      return sql.query<Condemnation>(condemnQuery(readsEvents(lines)), [
        ...parameters(lines, places, nowMs),
        fromMs ?? null,
        limit,
        JSON.stringify(detail),
      ]);
    });
    return row ?? { segments: 0, bytes: 0, newestMs: null };
  }

  /** Segments whose deletion has begun, after `after`, oldest first. */
  async condemned(
    volumeId: string,
    after: CondemnedSegment | undefined,
    limit: number,
  ): Promise<CondemnedSegment[]> {
    const key =
      after === undefined ? [null, null, null] : [after.startMs, after.run, after.sequence];
    return this.database.query(CONDEMNED, [volumeId, ...key, limit]);
  }

  /** Last step, once the files are gone: writes the record of the deletion and drops the row, both or neither. */
  async bury(segments: readonly SegmentKey[]): Promise<void> {
    if (segments.length === 0) return;
    await this.database.query(BURY, [JSON.stringify(segments)]);
  }
}

/**
 * Keyset paging; milliseconds in a double hold the microseconds of a timestamptz. The first condition on start_at says
 * nothing new but lets an index begin at the right place.
 */
const CONDEMNED = `
  SELECT s.run_id AS run, s.sequence, s.path, s.bytes::float8 AS bytes, s.delete_rule AS rule,
    (extract(epoch FROM s.start_at) * 1000)::float8 AS "startMs"
  FROM segment s WHERE s.volume_id = $1::uuid AND s.state = 'deleting'
    AND s.start_at >= coalesce(to_timestamp($2::float8 / 1000), '-infinity')
    AND (s.start_at, s.run_id, s.sequence) >
      (coalesce(to_timestamp($2::float8 / 1000), '-infinity'), coalesce($3::text, ''), coalesce($4::integer, -1))
  ORDER BY s.start_at, s.run_id, s.sequence LIMIT $5`;

const BURY = `
  WITH gone AS (
    DELETE FROM segment s USING jsonb_to_recordset($1::jsonb) AS i(run text, sequence integer)
    WHERE s.run_id = i.run AND s.sequence = i.sequence AND s.state = 'deleting' RETURNING s.*
  )
  INSERT INTO deletion (run_id, sequence, stream_id, volume_id, path, start_at, end_at, bytes, rule, hash, detail)
  SELECT run_id, sequence, stream_id, volume_id, path, start_at, end_at, bytes, delete_rule, hash, delete_detail FROM gone
  ON CONFLICT (run_id, sequence) DO UPDATE SET rule = EXCLUDED.rule, bytes = EXCLUDED.bytes, path = EXCLUDED.path,
    hash = EXCLUDED.hash, detail = EXCLUDED.detail, deleted_at = now()`;
