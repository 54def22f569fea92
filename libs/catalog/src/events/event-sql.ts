import { NightjarError } from '@nightjar/common';
import type { SqlRunner } from '../database.js';
import { ensureStreams } from '../segment-writer.js';
import { OWN_SOURCE, type CameraEvent, type EventSource } from './camera-event.js';

/** Told when a row of `event` has changed. The payload is empty: who listens reads the rows. */
export const EVENT_CHANNEL = 'nightjar_event';
/** Told when overrides have changed. */
export const OVERRIDE_CHANNEL = 'nightjar_override';

/** Events with the names of what they belong to. */
export const EVENTS = `event e JOIN camera c ON c.id = e.camera_id LEFT JOIN stream t ON t.id = e.stream_id`;

/** Of something that happens in front of a camera, `e` being the event; the others are Nightjar's own. */
export const IS_OF_CAMERA = `e.source <> '${OWN_SOURCE}'`;

/** What is read of {@link EVENTS} by those who act on them. */
export const EVENT_COLUMNS = `e.id, c.name AS camera, t.name AS stream, e.type, e.source,
  (extract(epoch FROM e.start_at) * 1000)::float8 AS "startMs", (extract(epoch FROM e.end_at) * 1000)::float8 AS "endMs"`;

/**
 * One change of events at a time, up to the end of the transaction: their numbers are drawn in the order of commits. All who
 * listen are told at the commit. Comes before any row of a camera or stream is made in the transaction.
 */
export async function beginEventChange(sql: SqlRunner): Promise<void> {
  await sql.query('SELECT pg_advisory_xact_lock($1)', [CHANGE_LOCK_KEY]);
  await sql.query("SELECT pg_notify($1, '')", [EVENT_CHANNEL]);
}

/** Spells "NJEV". */
const CHANGE_LOCK_KEY = 0x4e4a4556;

/** An end, by SQL of a time: not before the start of the event, and not a day behind it. */
export const endedAt = (time: string): string =>
  `least(greatest(${time}, e.start_at), e.start_at + interval '1 day')`;

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
