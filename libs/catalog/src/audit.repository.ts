import type { Database } from './database.js';
import { SegmentEntity } from './entities.js';
import type { SegmentRow } from './entities.js';
import type { SegmentKey } from './retention/retention.repository.js';
import { In } from './typeorm.js';

/** Rule under which fsck records a row whose file had vanished. */
export const MISSING_FILE_RULE = 'missing';

/** What fsck asks the catalog. */
export class AuditRepository {
  constructor(private readonly database: Database) {}

  async byPath(volumeId: string, paths: readonly string[]): Promise<SegmentRow[]> {
    return this.database.with(SegmentEntity, (segments) =>
      segments.find({ where: { volumeId, path: In([...paths]) } }),
    );
  }

  /** Present segments of a volume in path order, after `path`. */
  async pageByPath(
    volumeId: string,
    path: string,
    limit: number,
  ): Promise<(SegmentKey & { path: string; bytes: number })[]> {
    return this.database.query(
      `SELECT run_id AS run, sequence, path, bytes::float8 AS bytes FROM segment
       WHERE volume_id = $1::uuid AND path > $2 AND state = 'present' ORDER BY path LIMIT $3`,
      [volumeId, path, limit],
    );
  }

  /** Those of the segments that are still to be there: not deleted meanwhile, nor about to be. */
  async stillPresent<Key extends SegmentKey>(segments: readonly Key[]): Promise<Key[]> {
    const rows = await this.database.query<SegmentKey>(
      `SELECT s.run_id AS run, s.sequence FROM segment s
       JOIN jsonb_to_recordset($1::jsonb) AS i(run text, sequence integer) ON s.run_id = i.run AND s.sequence = i.sequence
       WHERE s.state = 'present'`,
      [JSON.stringify(segments.map(({ run, sequence }) => ({ run, sequence })))],
    );
    const present = new Set(rows.map(({ run, sequence }) => `${run}/${sequence}`));
    return segments.filter(({ run, sequence }) => present.has(`${run}/${sequence}`));
  }

  /**
   * Turns rows without a file into records of a deletion by {@link MISSING_FILE_RULE}. What retention has marked is left to
   * it, for it knows by which rule.
   */
  async dropMissing(segments: readonly SegmentKey[]): Promise<void> {
    await this.database.query(
      `WITH gone AS (
         DELETE FROM segment s USING jsonb_to_recordset($1::jsonb) AS i(run text, sequence integer)
         WHERE s.run_id = i.run AND s.sequence = i.sequence AND s.state = 'present' RETURNING s.*
       ), recount AS (
         UPDATE completeness c SET stale = true FROM gone
         WHERE c.stream_id = gone.stream_id AND c.day >= (gone.start_at AT TIME ZONE 'UTC')::date
           AND c.day <= (gone.end_at AT TIME ZONE 'UTC')::date
       )
       INSERT INTO deletion (run_id, sequence, stream_id, volume_id, path, start_at, end_at, bytes, hash, rule)
       SELECT run_id, sequence, stream_id, volume_id, path, start_at, end_at, bytes, hash, $2::text FROM gone
       ON CONFLICT (run_id, sequence) DO UPDATE SET rule = EXCLUDED.rule, deleted_at = now()`,
      [JSON.stringify(segments), MISSING_FILE_RULE],
    );
  }
}
