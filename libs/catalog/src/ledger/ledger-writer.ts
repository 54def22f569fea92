import type { SqlRunner } from '../database.js';
import type { JournalRecord } from '../journal-record.js';
import { jsonOf, STREAM_OF_RECORD } from '../segment-writer.js';

type RecordOf<Type extends JournalRecord['type']> = Extract<JournalRecord, { type: Type }>;

/**
 * Stores gaps or unwanted spans, whose streams exist. One that is told again, in this batch or a later one, grows and never
 * shrinks.
 */
export async function storeSpans(
  sql: SqlRunner,
  table: 'gap' | 'unwanted',
  spans: readonly (RecordOf<'gap'> | RecordOf<'unwanted'>)[],
): Promise<void> {
  if (spans.length === 0) return;
  await sql.query(
    `INSERT INTO ${table} AS known (stream_id, start_at, end_at, reason)
     SELECT t.id, to_timestamp(i."startMs" / 1000), to_timestamp(max(i."endMs") / 1000), i.reason
     FROM jsonb_to_recordset($1::jsonb) AS i(camera text, stream text, "startMs" float8, "endMs" float8, reason text)
     ${STREAM_OF_RECORD}
     GROUP BY t.id, to_timestamp(i."startMs" / 1000), i.reason
     ON CONFLICT (stream_id, start_at, reason) DO UPDATE SET end_at = EXCLUDED.end_at WHERE known.end_at < EXCLUDED.end_at`,
    [jsonOf(spans, ['camera', 'stream', 'startMs', 'endMs', 'reason'])],
  );
}

/** Stores since when streams, which exist, are accounted for and since when not; in any order. */
export async function storeDeclarations(
  sql: SqlRunner,
  records: readonly (RecordOf<'declared'> | RecordOf<'withdrawn'>)[],
): Promise<void> {
  if (records.length === 0) return;
  const json = jsonOf(records, ['camera', 'stream', 'type', 'atMs']);
  const told = `FROM jsonb_to_recordset($1::jsonb) AS i(camera text, stream text, type text, "atMs" float8) ${STREAM_OF_RECORD}`;
  await sql.query(
    `INSERT INTO declaration (stream_id, at, declared)
     SELECT DISTINCT t.id, to_timestamp(i."atMs" / 1000), i.type = 'declared' ${told}
     ON CONFLICT DO NOTHING`,
    [json],
  );
  await sql.query(
    `UPDATE stream SET declared_at = first.at
     FROM (SELECT t.id, to_timestamp(min(i."atMs") / 1000) AS at ${told} WHERE i.type = 'declared' GROUP BY t.id) first
     WHERE stream.id = first.id AND (declared_at IS NULL OR declared_at > first.at)`,
    [json],
  );
}

/** What days of which streams a batch of facts is about. */
export interface TouchedSpan {
  readonly camera: string;
  readonly stream: string;
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Facts that come late make the sums of their days wrong; they are made again. Also rows that are stale are written: whoever is
 * making one anew holds its lock and may not have seen these facts.
 */
export async function markStale(sql: SqlRunner, touched: readonly TouchedSpan[]): Promise<void> {
  const extents = new Map<string, TouchedSpan>();
  for (const { camera, stream, startMs, endMs } of touched) {
    const key = `${camera}/${stream}`;
    const known = extents.get(key);
    extents.set(key, {
      camera,
      stream,
      startMs: Math.min(startMs, known?.startMs ?? Infinity),
      endMs: Math.max(endMs, known?.endMs ?? -Infinity),
    });
  }
  if (extents.size === 0) return;
  await sql.query(
    `UPDATE completeness SET stale = true
     FROM jsonb_to_recordset($1::jsonb) AS i(camera text, stream text, "startMs" float8, "endMs" float8) ${STREAM_OF_RECORD}
     WHERE completeness.stream_id = t.id
       AND completeness.day >= (to_timestamp(i."startMs" / 1000) AT TIME ZONE 'UTC')::date
       AND completeness.day <= (to_timestamp(i."endMs" / 1000) AT TIME ZONE 'UTC')::date`,
    [JSON.stringify([...extents.values()])],
  );
}
