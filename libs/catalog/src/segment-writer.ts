import type { SqlRunner } from './database.js';
import type { SegmentFacts } from './journal-record.js';

/** All writers name their columns the same way in JSON. */
const SEGMENTS_FROM_JSON = `jsonb_to_recordset($1::jsonb) AS i(path text, run text, sequence integer, camera text, stream text,
  "startMs" float8, "endMs" float8, bytes bigint, keyframes integer, hash text, "previousHash" text, recovered boolean, codecs jsonb)`;

const SEGMENT_FIELDS = [
  'path',
  'run',
  'sequence',
  'camera',
  'stream',
  'startMs',
  'endMs',
  'bytes',
  'keyframes',
  'hash',
  'previousHash',
  'recovered',
  'codecs',
] as const satisfies (keyof SegmentFacts)[];

/** The rows as JSON with these fields alone: whatever else a journal line holds was not checked. */
export function jsonOf<Row>(rows: readonly Row[], fields: readonly (keyof Row & string)[]): string {
  return JSON.stringify(
    rows.map((row) => Object.fromEntries(fields.map((field) => [field, row[field]]))),
  );
}

/** Joins the stream, as `t`, to a record `i` that names it. */
export const STREAM_OF_RECORD =
  'JOIN camera c ON c.name = i.camera JOIN stream t ON t.camera_id = c.id AND t.name = i.stream';

/** Creates cameras and streams not seen before. No identity value is spent on those that exist. */
export async function ensureStreams(
  sql: SqlRunner,
  records: readonly { camera: string; stream: string }[],
): Promise<void> {
  const pairs = new Map(
    records.map(({ camera, stream }) => [`${camera}/${stream}`, { camera, stream }]),
  );
  if (pairs.size === 0) return;
  const json = JSON.stringify([...pairs.values()]);
  await sql.query(
    `INSERT INTO camera (name)
     SELECT DISTINCT i.camera FROM jsonb_to_recordset($1::jsonb) AS i(camera text)
     WHERE NOT EXISTS (SELECT 1 FROM camera c WHERE c.name = i.camera)
     ON CONFLICT (name) DO NOTHING`,
    [json],
  );
  await sql.query(
    `INSERT INTO stream (camera_id, name)
     SELECT c.id, i.stream FROM jsonb_to_recordset($1::jsonb) AS i(camera text, stream text) JOIN camera c ON c.name = i.camera
     WHERE NOT EXISTS (SELECT 1 FROM stream t WHERE t.camera_id = c.id AND t.name = i.stream)
     ON CONFLICT (camera_id, name) DO NOTHING`,
    [json],
  );
}

export interface RunStart {
  run: string;
  camera: string;
  stream: string;
  startedAtMs: number;
}

/** Creates runs not seen before; a known run keeps what it has. */
export async function ensureRuns(
  sql: SqlRunner,
  volumeId: string,
  runs: readonly RunStart[],
): Promise<void> {
  if (runs.length === 0) return;
  await sql.query(
    `INSERT INTO run (id, stream_id, volume_id, started_at)
     SELECT DISTINCT ON (i.run) i.run, t.id, $2::uuid, to_timestamp(i."startedAtMs" / 1000)
     FROM jsonb_to_recordset($1::jsonb) AS i(run text, camera text, stream text, "startedAtMs" float8) ${STREAM_OF_RECORD}
     ORDER BY i.run, i."startedAtMs"
     ON CONFLICT (id) DO NOTHING`,
    [jsonOf(runs, ['run', 'camera', 'stream', 'startedAtMs']), volumeId],
  );
}

/**
 * Stores segments, each (run, sequence) once: a known one takes the new facts, a deleted one stays deleted unless
 * `revive` says that its file is there. The caller holds the row lock of the volume, which makes look-then-insert safe.
 * @returns how many rows are new
 */
export async function storeSegments(
  sql: SqlRunner,
  volumeId: string,
  segments: readonly SegmentFacts[],
  options: { revive: boolean },
): Promise<number> {
  const unique = new Map(
    segments.map((segment) => [`${segment.run}/${segment.sequence}`, segment]),
  );
  if (unique.size === 0) return 0;
  const facts = [...unique.values()];
  await ensureStreams(sql, facts);
  await ensureRuns(
    sql,
    volumeId,
    facts.map(({ run, camera, stream, startMs }) => ({
      run,
      camera,
      stream,
      startedAtMs: startMs,
    })),
  );
  await ensurePartitions(sql, facts);
  const json = jsonOf(facts, SEGMENT_FIELDS);
  await sql.query(
    `UPDATE segment s SET end_at = greatest(s.start_at, to_timestamp(i."endMs" / 1000)), bytes = i.bytes, keyframes = i.keyframes, hash = i.hash,
       previous_hash = i."previousHash", path = i.path, recovered = i.recovered, volume_id = $2::uuid,
       codecs = ARRAY(SELECT jsonb_array_elements_text(i.codecs))
     FROM ${SEGMENTS_FROM_JSON} WHERE s.run_id = i.run AND s.sequence = i.sequence`,
    [json, volumeId],
  );
  const inserted = await sql.query(
    `INSERT INTO segment (run_id, sequence, start_at, end_at, stream_id, volume_id, path, bytes, keyframes, hash, previous_hash, codecs, recovered)
     SELECT i.run, i.sequence, to_timestamp(i."startMs" / 1000), to_timestamp(i."endMs" / 1000), t.id, $2::uuid, i.path, i.bytes,
       i.keyframes, i.hash, i."previousHash", ARRAY(SELECT jsonb_array_elements_text(i.codecs)), i.recovered
     FROM ${SEGMENTS_FROM_JSON} ${STREAM_OF_RECORD}
     WHERE NOT EXISTS (SELECT 1 FROM segment s WHERE s.run_id = i.run AND s.sequence = i.sequence)
       AND ($3 OR NOT EXISTS (SELECT 1 FROM deletion d WHERE d.run_id = i.run AND d.sequence = i.sequence))
     ON CONFLICT DO NOTHING RETURNING 1`,
    [json, volumeId, options.revive],
  );
  return inserted.length;
}

/**
 * Makes the partitions of the months of these segments. That locks every table that segments refer to against writing:
 * done before a transaction takes the row lock of a volume, or it and whoever waits for that row wait for each other.
 */
export async function ensurePartitions(
  sql: SqlRunner,
  segments: readonly Pick<SegmentFacts, 'startMs'>[],
): Promise<void> {
  const months = new Map(
    segments.map(({ startMs }) => [new Date(startMs).toISOString().slice(0, 7), startMs]),
  );
  for (const startMs of months.values()) {
    await sql.query('SELECT ensure_segment_partition(to_timestamp($1::float8 / 1000))', [startMs]);
  }
}
