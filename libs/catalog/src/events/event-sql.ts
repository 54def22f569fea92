import { NightjarError } from '@nightjar/common';
import type { SqlRunner } from '../database.js';
import type { CameraEvent, EventSource } from './camera-event.js';

/** Told when a row of `event` has changed. The payload is empty: who listens reads the rows. */
export const EVENT_CHANNEL = 'nightjar_event';
/** Told when overrides have changed. */
export const OVERRIDE_CHANNEL = 'nightjar_override';

/** What is read of an event by those who act on it; `e` is the event and `c` its camera. */
export const EVENT_COLUMNS = `e.id, c.name AS camera, e.stream, e.type, e.source,
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

/** The row of a camera, made if there is none yet: what happens may be told before anything is recorded. */
export async function cameraId(sql: SqlRunner, camera: string): Promise<number> {
  await sql.query(
    `INSERT INTO camera (name) SELECT $1::text WHERE NOT EXISTS (SELECT 1 FROM camera WHERE name = $1::text)
     ON CONFLICT (name) DO NOTHING`,
    [camera],
  );
  const rows = await sql.query<{ id: number }>('SELECT id FROM camera WHERE name = $1', [camera]);
  if (rows[0] === undefined)
    throw new NightjarError('internal', 'catalog/no-camera', `camera ${camera} could not be made`);
  return rows[0].id;
}
