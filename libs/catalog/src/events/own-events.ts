import type { SqlRunner } from '../database.js';
import type { JournalRecord } from '../journal-record.js';
import { jsonOf, STREAM_OF_RECORD } from '../segment-writer.js';
import { OWN_SOURCE } from './camera-event.js';
import { endedAt } from './event-sql.js';

type RecordOf<Type extends JournalRecord['type']> = Extract<JournalRecord, { type: Type }>;

/**
 * Stores what Nightjar tells of streams, which exist: each event once, as it was told last; one that has ended stays as it is. The
 * caller has begun a change of events.
 */
export async function storeOwnEvents(
  sql: SqlRunner,
  events: readonly RecordOf<'event'>[],
  over: readonly RecordOf<'events-over'>[],
): Promise<void> {
  const latest = new Map<string, RecordOf<'event'>>();
  for (const event of events) {
    const key = `${event.camera}/${event.id}`;
    if (latest.get(key)?.endMs === undefined) latest.set(key, event);
  }
  if (latest.size > 0)
    await sql.query(
      `INSERT INTO event AS e (camera_id, id, stream_id, type, source, start_at, end_at, label, data, change)
       SELECT c.id, i.id, t.id, i.event, '${OWN_SOURCE}', i.start_at,
         CASE WHEN i.end_at IS NOT NULL THEN least(i.end_at, i.start_at + interval '1 day') END, i.label, i.data, nextval('event_change')
       FROM (
         SELECT *, to_timestamp("startMs" / 1000) AS start_at, to_timestamp("endMs" / 1000) AS end_at
         FROM jsonb_to_recordset($1::jsonb) AS r(camera text, stream text, id text, event text, "startMs" float8, "endMs" float8,
           label text, data jsonb)
       ) i ${STREAM_OF_RECORD}
       ON CONFLICT (camera_id, id) DO UPDATE
         SET end_at = EXCLUDED.end_at, label = EXCLUDED.label, data = EXCLUDED.data, change = EXCLUDED.change
         WHERE e.end_at IS NULL AND e.source = '${OWN_SOURCE}'`,
      [jsonOf([...latest.values()], EVENT_FIELDS)],
    );
  if (over.length > 0)
    await sql.query(
      `UPDATE event e SET end_at = ${endedAt('i.at')}, change = nextval('event_change')
       FROM (
         SELECT t.id AS stream_id, t.camera_id, to_timestamp(max(r."atMs") / 1000) AS at
         FROM jsonb_to_recordset($1::jsonb) AS r(camera text, stream text, "atMs" float8)
         JOIN camera c ON c.name = r.camera JOIN stream t ON t.camera_id = c.id AND t.name = r.stream GROUP BY t.id, t.camera_id
       ) i
       WHERE e.camera_id = i.camera_id AND e.stream_id = i.stream_id AND e.source = '${OWN_SOURCE}' AND e.end_at IS NULL
         AND e.start_at < i.at`,
      [jsonOf(over, ['camera', 'stream', 'atMs'])],
    );
}

const EVENT_FIELDS = [
  'camera',
  'stream',
  'id',
  'event',
  'startMs',
  'endMs',
  'label',
  'data',
] as const satisfies (keyof RecordOf<'event'>)[];
