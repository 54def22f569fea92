import { NightjarError } from '@nightjar/common';
import type { SqlRunner } from '../database.js';
import { ensureStreams } from '../segment-writer.js';
import type { CameraEvent, EventSource } from './camera-event.js';

/** Told when a row of `event` has changed. The payload is empty: who listens reads the rows. */
export const EVENT_CHANNEL = 'nightjar_event';
/** Told when overrides have changed. */
export const OVERRIDE_CHANNEL = 'nightjar_override';

/** Events with the names of what they belong to. */
export const EVENTS = `event e JOIN camera c ON c.id = e.camera_id LEFT JOIN stream t ON t.id = e.stream_id`;

/** What is read of {@link EVENTS} by those who act on them. */
export const EVENT_COLUMNS = `e.id, c.name AS camera, t.name AS stream, e.type, e.source,
  (extract(epoch FROM e.start_at) * 1000)::float8 AS "startMs", (extract(epoch FROM e.end_at) * 1000)::float8 AS "endMs"`;

export interface EventColumns {
  id: string;
  camera: string;
  stream: string | null;
  type: string;
  source: EventSource;
  startMs: number;
  endMs: number | null;
}

export function toEvent(row: EventColumns): CameraEvent {
  const { id, camera, type, source, startMs } = row;
  return {
    id,
    camera,
    stream: row.stream ?? undefined,
    type,
    source,
    startMs,
    endMs: row.endMs ?? undefined,
  };
}

/** Rows of a camera and of one of its streams; null: of all. */
export interface Place {
  readonly cameraId: number;
  readonly streamId: number | null;
}

/** The rows of a camera and a stream, made if there are none yet: what happens may be told before anything is recorded. */
export async function placeOf(
  sql: SqlRunner,
  camera: string,
  stream: string | undefined,
): Promise<Place> {
  await sql.query(
    `INSERT INTO camera (name) SELECT $1::text WHERE NOT EXISTS (SELECT 1 FROM camera WHERE name = $1::text)
     ON CONFLICT (name) DO NOTHING`,
    [camera],
  );
  if (stream !== undefined) await ensureStreams(sql, [{ camera, stream }]);
  const rows = await sql.query<Place>(
    `SELECT c.id AS "cameraId", t.id AS "streamId" FROM camera c
     LEFT JOIN stream t ON t.camera_id = c.id AND t.name = $2::text WHERE c.name = $1`,
    [camera, stream ?? null],
  );
  if (rows[0] === undefined)
    throw new NightjarError('internal', 'catalog/no-camera', `camera ${camera} could not be made`);
  return rows[0];
}
