import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The first schema: cameras, streams, volumes with their journal cursor, runs, segments, gaps, deletions. */
export class CreateCatalog implements MigrationInterface {
  /** TypeORM orders migrations by the last 13 digits of the name: our number. */
  readonly name = 'CreateCatalog0000000000001';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE deletion, gap, segment, run, volume, stream, camera');
    await runner.query('DROP FUNCTION ensure_segment_partition(timestamptz)');
  }
}

const UP = [
  `CREATE TABLE camera (
     id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     name text NOT NULL UNIQUE
   )`,
  `CREATE TABLE stream (
     id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     camera_id integer NOT NULL REFERENCES camera,
     name text NOT NULL,
     UNIQUE (camera_id, name)
   )`,
  `CREATE TABLE volume (
     id uuid PRIMARY KEY,
     name text NOT NULL,
     path text NOT NULL,
     journal_file integer NOT NULL DEFAULT 0,
     journal_offset bigint NOT NULL DEFAULT 0
   )`,
  `CREATE TABLE run (
     id text PRIMARY KEY,
     stream_id integer NOT NULL REFERENCES stream,
     volume_id uuid NOT NULL REFERENCES volume,
     started_at timestamptz NOT NULL,
     ended_at timestamptz,
     end_reason text
   )`,
  'CREATE INDEX run_stream_time ON run (stream_id, started_at)',
  // The key of a partitioned table must hold its partition column. start_at never changes for a (run_id, sequence):
  // it is written once, in the header of the file. The writers also look for (run_id, sequence) before they insert.
  `CREATE TABLE segment (
     run_id text NOT NULL REFERENCES run,
     sequence integer NOT NULL,
     start_at timestamptz NOT NULL,
     end_at timestamptz NOT NULL,
     stream_id integer NOT NULL REFERENCES stream,
     volume_id uuid NOT NULL REFERENCES volume,
     path text NOT NULL,
     bytes bigint NOT NULL,
     keyframes integer NOT NULL,
     hash text NOT NULL,
     codecs text[] NOT NULL,
     recovered boolean NOT NULL,
     state text NOT NULL DEFAULT 'present' CHECK (state IN ('present', 'deleting')),
     delete_rule text,
     PRIMARY KEY (run_id, sequence, start_at),
     CHECK (start_at <= end_at),
     CHECK ((state = 'deleting') = (delete_rule IS NOT NULL))
   ) PARTITION BY RANGE (start_at)`,
  'CREATE INDEX segment_stream_time ON segment (stream_id, start_at) INCLUDE (bytes, state)',
  'CREATE INDEX segment_volume_time ON segment (volume_id, start_at)',
  'CREATE INDEX segment_volume_path ON segment (volume_id, path)',
  "CREATE INDEX segment_deleting ON segment (volume_id) WHERE state = 'deleting'",
  `CREATE TABLE gap (
     stream_id integer NOT NULL REFERENCES stream,
     start_at timestamptz NOT NULL,
     end_at timestamptz NOT NULL,
     reason text NOT NULL,
     PRIMARY KEY (stream_id, start_at, reason),
     CHECK (start_at <= end_at)
   )`,
  `CREATE TABLE deletion (
     run_id text NOT NULL,
     sequence integer NOT NULL,
     stream_id integer NOT NULL,
     volume_id uuid NOT NULL,
     path text NOT NULL,
     start_at timestamptz NOT NULL,
     end_at timestamptz NOT NULL,
     bytes bigint NOT NULL,
     rule text NOT NULL,
     deleted_at timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (run_id, sequence)
   )`,
  'CREATE INDEX deletion_time ON deletion (deleted_at)',
  // One partition per month (UTC), made by whoever first stores a segment of that month.
  `CREATE FUNCTION ensure_segment_partition(at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
   DECLARE
     month timestamp := date_trunc('month', at AT TIME ZONE 'UTC');
     part text := 'segment_' || to_char(month, 'YYYY_MM');
   BEGIN
     IF to_regclass(quote_ident(part)) IS NOT NULL THEN RETURN; END IF;
     PERFORM pg_advisory_xact_lock(hashtext('nightjar.segment-partition'));
     EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF segment FOR VALUES FROM (%L) TO (%L)',
       part, month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
   END $$`,
];
