import type { Database, SqlRunner } from '../database.js';
import { OVERRIDE_CHANNEL, placeOf } from './event-sql.js';
import type { RecordingOverride } from './recording-override.js';

/** What people said about recording. Each change is told to all who listen as it becomes visible. */
export class OverrideRepository {
  constructor(private readonly database: Database) {}

  /**
   * Puts an override in force, in the place of what was said of the same stream. What is said of the whole camera also takes
   * the place of what was said of its streams; privacy of a stream stays.
   */
  async set(override: RecordingOverride): Promise<void> {
    const { stream, action, untilMs, reason, setBy, setAtMs } = override;
    await this.changing(async (sql) => {
      const { cameraId, streamId } = await placeOf(sql, override.camera, stream);
      await sql.query(
        `DELETE FROM recording_override WHERE camera_id = $1 AND (action = 'privacy') = ($3 = 'privacy')
           AND (stream_id IS NOT DISTINCT FROM $2::integer OR ($2::integer IS NULL AND $3 <> 'privacy'))`,
        [cameraId, streamId, action],
      );
      await sql.query(
        `INSERT INTO recording_override (camera_id, stream_id, action, until, reason, set_by, set_at)
         VALUES ($1, $2, $3, to_timestamp($4::float8 / 1000), $5, $6, to_timestamp($7::float8 / 1000))`,
        [cameraId, streamId, action, untilMs ?? null, reason ?? null, setBy, setAtMs],
      );
    });
  }

  /** Takes back what was said of a stream, or with undefined all of the camera, privacy included. */
  async clear(camera: string, stream: string | undefined): Promise<void> {
    await this.changing(async (sql) => {
      await sql.query(
        `DELETE FROM recording_override WHERE camera_id = (SELECT id FROM camera WHERE name = $1)
           AND ($2::text IS NULL OR stream_id IN (SELECT id FROM stream WHERE name = $2))`,
        [camera, stream ?? null],
      );
    });
  }

  /** Takes back what this name said of the whole camera, and nothing that anybody else did. */
  async clearSetBy(camera: string, setBy: string): Promise<void> {
    await this.changing(async (sql) => {
      await sql.query(
        `DELETE FROM recording_override WHERE camera_id = (SELECT id FROM camera WHERE name = $1)
           AND stream_id IS NULL AND set_by = $2`,
        [camera, setBy],
      );
    });
  }

  /** All that hold or will, of one camera or of all. */
  async list(camera?: string): Promise<RecordingOverride[]> {
    return readOverrides(this.database, camera);
  }

  private async changing(work: (sql: SqlRunner) => Promise<void>): Promise<void> {
    await this.database.transaction(async (sql) => {
      // Two changes of one camera at a time would both see nothing to replace.
      await sql.query('LOCK TABLE recording_override IN SHARE ROW EXCLUSIVE MODE', []);
      await work(sql);
      await sql.query("DELETE FROM recording_override WHERE until < now() - interval '1 hour'", []);
      await sql.query("SELECT pg_notify($1, '')", [OVERRIDE_CHANNEL]);
    });
  }
}

/** All overrides that are stored, of one camera or of all, in the order in which they were set. */
export async function readOverrides(sql: SqlRunner, camera?: string): Promise<RecordingOverride[]> {
  const rows = await sql.query<OverrideColumns>(
    `SELECT c.name AS camera, t.name AS stream, o.action, o.reason, o.set_by AS "setBy",
       (extract(epoch FROM o.until) * 1000)::float8 AS "untilMs", (extract(epoch FROM o.set_at) * 1000)::float8 AS "setAtMs"
     FROM recording_override o JOIN camera c ON c.id = o.camera_id LEFT JOIN stream t ON t.id = o.stream_id
     WHERE $1::text IS NULL OR c.name = $1 ORDER BY o.id`,
    [camera ?? null],
  );
  return rows.map(({ stream, untilMs, reason, ...rest }) => ({
    ...rest,
    stream: stream ?? undefined,
    untilMs: untilMs ?? undefined,
    reason: reason ?? undefined,
  }));
}

interface OverrideColumns {
  camera: string;
  stream: string | null;
  action: RecordingOverride['action'];
  reason: string | null;
  setBy: string;
  untilMs: number | null;
  setAtMs: number;
}
