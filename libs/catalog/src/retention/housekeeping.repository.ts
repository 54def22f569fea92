import type { Database } from '../database.js';

/** Rows that one pass removes of each kind, at most. */
const ROWS_PER_PASS = 5_000;
/** A partition is looked at when its month ended so long ago: nobody writes into it any more. */
const PARTITION_IDLE_DAYS = 31;
/** Others want the table too: rather leave the partition for the next pass than make them wait. */
const LOCK_TIMEOUT_MS = 1_000;

/** Removes what has nothing to tell any more, a bounded number of rows at a time. */
export class HousekeepingRepository {
  constructor(private readonly database: Database) {}

  /** Records of deletions, and sweeps, that lie more than so many days back. */
  async forgetDeletions(beforeMs: number): Promise<number> {
    const deletions = await this.remove(
      `DELETE FROM deletion WHERE ctid = ANY(ARRAY(
         SELECT ctid FROM deletion WHERE deleted_at < to_timestamp($1::float8 / 1000) ORDER BY deleted_at LIMIT $2)) RETURNING 1`,
      beforeMs,
    );
    const sweeps = await this.remove(
      `DELETE FROM retention_sweep WHERE id = ANY(ARRAY(
         SELECT id FROM retention_sweep s WHERE s.started_at < to_timestamp($1::float8 / 1000)
           AND s.id <> (SELECT max(l.id) FROM retention_sweep l WHERE l.volume_id = s.volume_id) ORDER BY id LIMIT $2)) RETURNING 1`,
      beforeMs,
    );
    return deletions + sweeps;
  }

  /** Gaps that ended before. */
  async forgetGaps(beforeMs: number): Promise<number> {
    return this.remove(
      `DELETE FROM gap g USING (
         SELECT o.stream_id, o.start_at, o.reason FROM stream t CROSS JOIN LATERAL (
           SELECT g.stream_id, g.start_at, g.reason FROM gap g
           WHERE g.stream_id = t.id AND g.start_at < to_timestamp($1::float8 / 1000) AND g.end_at < to_timestamp($1::float8 / 1000)
           ORDER BY g.start_at LIMIT $2
         ) o LIMIT $2
       ) o WHERE g.stream_id = o.stream_id AND g.start_at = o.start_at AND g.reason = o.reason RETURNING 1`,
      beforeMs,
    );
  }

  /** Spans that nobody wanted, of a time that is not accounted for any more since other facts of it were forgotten. */
  async forgetUnwanted(beforeMs: number): Promise<number> {
    return this.remove(
      `DELETE FROM unwanted u USING (
         SELECT o.stream_id, o.start_at, o.reason FROM stream t CROSS JOIN LATERAL (
           SELECT u.stream_id, u.start_at, u.reason FROM unwanted u
           WHERE u.stream_id = t.id AND u.start_at < to_timestamp($1::float8 / 1000)
             AND u.end_at < least(to_timestamp($1::float8 / 1000), t.facts_from)
           ORDER BY u.start_at LIMIT $2
         ) o WHERE t.facts_from IS NOT NULL LIMIT $2
       ) o WHERE u.stream_id = o.stream_id AND u.start_at = o.start_at AND u.reason = o.reason RETURNING 1`,
      beforeMs,
    );
  }

  /** Runs that ended before and of which no segment is left. */
  async forgetRuns(beforeMs: number): Promise<number> {
    return this.remove(
      `DELETE FROM run WHERE id = ANY(ARRAY(
         SELECT r.id FROM run r WHERE r.ended_at < to_timestamp($1::float8 / 1000)
           AND NOT EXISTS (SELECT 1 FROM segment s WHERE s.run_id = r.id) LIMIT $2)) RETURNING 1`,
      beforeMs,
    );
  }

  /**
   * Drops the oldest partition of segments that is empty and whose month is long over.
   * @returns its name; undefined if there is none, or while it is in use
   */
  async dropEmptyPartition(nowMs: number): Promise<string | undefined> {
    for (const { name } of await this.database.query<{ name: string }>(OLD_PARTITIONS, [
      nowMs,
      PARTITION_IDLE_DAYS,
    ])) {
      const [row] = await this.database.query(`SELECT 1 FROM ${name} LIMIT 1`);
      if (row === undefined && (await this.dropPartition(name))) return name;
    }
    return undefined;
  }

  /** False if something is in it after all. */
  private async dropPartition(name: string): Promise<boolean> {
    return this.database.transaction(async (sql) => {
      await sql.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`, []);
      // The lock of ensure_segment_partition: nobody makes a partition, and counts on it, meanwhile.
      await sql.query("SELECT pg_advisory_xact_lock(hashtext('nightjar.segment-partition'))", []);
      await sql.query(`LOCK TABLE ${name} IN ACCESS EXCLUSIVE MODE`, []);
      const rows = await sql.query(`SELECT 1 FROM ${name} LIMIT 1`, []);
      if (rows.length > 0) return false;
      await sql.query(`DROP TABLE ${name}`, []);
      return true;
    });
  }

  private async remove(sql: string, beforeMs: number): Promise<number> {
    return (await this.database.query(sql, [beforeMs, ROWS_PER_PASS])).length;
  }
}

/** Names are ours (`segment_2026_11`), quoted by PostgreSQL itself. */
const OLD_PARTITIONS = `
  SELECT c.oid::regclass::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'segment'::regclass AND c.relname ~ '^segment_\\d{4}_\\d{2}$'
    AND to_date(substr(c.relname, 9), 'YYYY_MM') + interval '1 month'
      < to_timestamp($1::float8 / 1000) AT TIME ZONE 'UTC' - make_interval(days => $2)
  ORDER BY c.relname`;
