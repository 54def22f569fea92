/** Made-up footage as rows alone: no file, no journal; for questions that only the catalog answers. */
export interface ArchiveShape {
  readonly volumeIds: readonly string[];
  readonly cameras: number;
  /** Per camera, one behind the other up to `endMs`. */
  readonly segmentsPerCamera: number;
  readonly segmentMs: number;
  readonly endMs: number;
}

/**
 * Seeds an empty catalog: cameras `cam0`, `cam1` ... with a stream `main`, each with one run that has ended, their segments
 * spread over the volumes camera by camera. Every camera is shifted by a few milliseconds, as cameras are.
 */
export async function seedArchive(
  run: (sql: string) => Promise<readonly unknown[]>,
  shape: ArchiveShape,
): Promise<void> {
  const { cameras, segmentsPerCamera, segmentMs, endMs, volumeIds } = shape;
  const startMs = endMs - segmentsPerCamera * segmentMs;
  const seconds = segmentMs / 1000;
  const volumes = `ARRAY[${volumeIds.map((id) => `'${id}'`).join(',')}]::uuid[]`;
  for (const [n, id] of volumeIds.entries())
    await run(
      `INSERT INTO volume (id, name, path) VALUES ('${id}', '${n === 0 ? 'main' : `volume-${n}`}', '/seeded/${n}') ON CONFLICT DO NOTHING`,
    );
  await run(
    `INSERT INTO camera (name) SELECT 'cam' || c FROM generate_series(0, ${cameras - 1}) c`,
  );
  await run(`INSERT INTO stream (camera_id, name) SELECT id, 'main' FROM camera ORDER BY id`);
  await run(
    `INSERT INTO run (id, stream_id, volume_id, started_at, ended_at, end_reason)
     SELECT lpad(to_hex(t.id), 12, '0'), t.id, (${volumes})[1 + (t.id - 1) % ${volumeIds.length}],
       to_timestamp(${startMs / 1000}), to_timestamp(${endMs / 1000}), 'stopped' FROM stream t`,
  );
  await run(
    `SELECT ensure_segment_partition(m) FROM generate_series(date_trunc('month', to_timestamp(${startMs / 1000}) AT TIME ZONE 'UTC') AT TIME ZONE 'UTC',
       to_timestamp(${endMs / 1000}), interval '1 month') m`,
  );
  // Foreign keys hold by construction, and indexes are made faster at once than row by row.
  const indexes = (await run(
    `SELECT indexname AS name, replace(indexdef, ' ON ONLY ', ' ON ') AS definition FROM pg_indexes
     WHERE tablename = 'segment' AND indexname <> 'segment_pkey'`,
  )) as readonly { name: string; definition: string }[];
  for (const { name } of indexes) await run(`DROP INDEX ${name}`);
  await run(
    `SET session_replication_role = replica;
     INSERT INTO segment (run_id, sequence, start_at, end_at, stream_id, volume_id, path, bytes, keyframes, hash, codecs, recovered)
     SELECT r.id, n, b.at, b.at + make_interval(secs => ${seconds}), r.stream_id, r.volume_id,
       'cam' || (r.stream_id - 1) || '/main/' || to_char(b.at AT TIME ZONE 'UTC', 'YYYY/MM/DD/HH24/YYYYMMDD"T"HH24MISS.MS"Z_"') || r.id || '_' || lpad(n::text, 6, '0') || '.mp4',
       1000 + (n * 7 + r.stream_id * 13) % 500, 30, md5(r.id || n), '{h264}', false
     FROM generate_series(0, ${segmentsPerCamera - 1}) n CROSS JOIN run r
     CROSS JOIN LATERAL (SELECT to_timestamp(${startMs / 1000}) + make_interval(secs => n * ${seconds} + r.stream_id * 0.001) AS at) b;
     RESET session_replication_role`,
  );
  for (const { definition } of indexes) await run(definition);
  await run('VACUUM ANALYZE segment');
}
