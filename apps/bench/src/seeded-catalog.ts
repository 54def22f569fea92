/** A catalog that looks like years of recording, made by the database itself. */
export interface SeededCatalog {
  readonly cameras: number;
  /** Midnight (UTC) of the first day. Unix epoch milliseconds. */
  readonly firstDayMs: number;
  readonly days: number;
  /** Only each so many days are filled: few rows over many months. */
  readonly everyDays: number;
}

export const SEEDED_VOLUME = '6f1f1c9e-7a52-4b53-9a0f-0d7a4f6f2a11';
const DAY_MS = 86_400_000;

/** Camera `n` from 0; each has one stream, `main`. */
export function seededCamera(n: number): string {
  return `camera-${n}`;
}

/**
 * SQL that fills an empty catalog: one-minute segments around the clock but for one hour a day with a reason, one hour that is not
 * wanted, and a frame lost now and then; some of the oldest footage is removed again.
 */
export function seedStatements({ cameras, firstDayMs, days, everyDays }: SeededCatalog): string[] {
  const first = `to_timestamp(${firstDayMs / 1000})`;
  const filled = Array.from(
    { length: Math.ceil(days / everyDays) },
    (_, index) => firstDayMs + index * everyDays * DAY_MS,
  );
  const months = new Set(filled.map((dayMs) => new Date(dayMs).toISOString().slice(0, 7)));
  const segments = filled.map(
    (dayMs) => `
    INSERT INTO segment (run_id, sequence, start_at, end_at, stream_id, volume_id, path, bytes, keyframes, hash, codecs, recovered)
    SELECT 'run-' || c.id, (extract(epoch FROM at - ${first}) / 60)::integer, at,
      at + interval '60 s' - CASE WHEN minute % 97 = c.id % 97 THEN interval '400 ms' ELSE interval '0' END,
      t.id, '${SEEDED_VOLUME}', c.name || '/main/' || to_char(at AT TIME ZONE 'UTC', 'YYYY/MM/DD/HH24/MI') || '.mp4',
      30000000, 60, md5(c.id || ' ' || at), ARRAY['avc1.640028'], false
    FROM camera c JOIN stream t ON t.camera_id = c.id CROSS JOIN generate_series(0, 1439) minute
    CROSS JOIN LATERAL (SELECT to_timestamp(${dayMs / 1000}) + minute * interval '1 minute' AS at) clock
    WHERE minute / 60 NOT IN (3, 4)`,
  );
  const seededDays = `unnest(ARRAY[${filled.join(', ')}]::float8[])`;
  const gaps = `
    INSERT INTO gap (stream_id, start_at, end_at, reason)
    SELECT t.id, to_timestamp(day / 1000) + interval '3 h', to_timestamp(day / 1000) + interval '4 h', 'timeout'
    FROM stream t CROSS JOIN ${seededDays} day
    UNION ALL
    SELECT stream_id, end_at, end_at + interval '400 ms', 'packet-loss'
    FROM segment WHERE end_at < start_at + interval '1 minute'`;
  // As events tell it: a minute at a time.
  const unwanted = `
    INSERT INTO unwanted (stream_id, start_at, end_at, reason)
    SELECT t.id, at, at + interval '1 minute', 'no-event'
    FROM stream t CROSS JOIN ${seededDays} day CROSS JOIN generate_series(240, 299) minute
    CROSS JOIN LATERAL (SELECT to_timestamp(day / 1000) + minute * interval '1 minute' AS at) clock`;
  return [
    `INSERT INTO volume (id, name, path) VALUES ('${SEEDED_VOLUME}', 'main', '/volumes/main')`,
    `INSERT INTO camera (name) SELECT 'camera-' || n FROM generate_series(0, ${cameras - 1}) n`,
    `INSERT INTO stream (camera_id, name, declared_at) SELECT id, 'main', ${first} FROM camera`,
    `INSERT INTO declaration (stream_id, at, declared) SELECT id, ${first}, true FROM stream`,
    `INSERT INTO run (id, stream_id, volume_id, started_at)
     SELECT 'run-' || c.id, t.id, '${SEEDED_VOLUME}', ${first} FROM camera c JOIN stream t ON t.camera_id = c.id`,
    ...[...months].map((month) => `SELECT ensure_segment_partition('${month}-01T00:00:00Z')`),
    ...segments,
    gaps,
    unwanted,
    `WITH gone AS (
       DELETE FROM segment WHERE start_at < ${first} + interval '6 h' RETURNING *
     )
     INSERT INTO deletion (run_id, sequence, stream_id, volume_id, path, start_at, end_at, bytes, rule)
     SELECT run_id, sequence, stream_id, volume_id, path, start_at, end_at, bytes, 'maxAge' FROM gone`,
    'VACUUM (ANALYZE) segment',
    'VACUUM (ANALYZE) gap',
    'VACUUM (ANALYZE) unwanted',
    'VACUUM (ANALYZE) deletion',
    'ANALYZE stream, camera, run, declaration',
    // What is measured must not wait for what the seeding left to be written.
    'CHECKPOINT',
  ];
}
