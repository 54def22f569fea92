import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Holds, sweeps with their blocks, what a deletion was decided on, and an index that answers retention by itself. */
export class CreateRetention implements MigrationInterface {
  readonly name = 'CreateRetention0000000000004';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  `CREATE TABLE hold (
     id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     camera_id integer NOT NULL REFERENCES camera,
     stream_id integer REFERENCES stream,
     start_at timestamptz NOT NULL,
     end_at timestamptz NOT NULL,
     owner text NOT NULL,
     reason text NOT NULL,
     created_by text NOT NULL,
     created_at timestamptz NOT NULL,
     expires_at timestamptz,
     released_at timestamptz,
     released_by text,
     CHECK (start_at < end_at),
     CHECK ((released_at IS NULL) = (released_by IS NULL))
   )`,
  'CREATE INDEX hold_in_force ON hold (camera_id) WHERE released_at IS NULL',
  // Times are those of the worker's clock: its jumps are found by comparing them.
  `CREATE TABLE retention_sweep (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     volume_id uuid NOT NULL REFERENCES volume,
     started_at timestamptz NOT NULL,
     ended_at timestamptz,
     outcome text NOT NULL DEFAULT 'running' CHECK (outcome IN ('running', 'done', 'share', 'clock')),
     short_bytes bigint NOT NULL DEFAULT 0,
     segments integer NOT NULL DEFAULT 0,
     bytes bigint NOT NULL DEFAULT 0
   )`,
  'CREATE INDEX retention_sweep_volume ON retention_sweep (volume_id, id)',
  `CREATE TABLE retention_block (
     id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     volume_id uuid NOT NULL REFERENCES volume,
     reason text NOT NULL CHECK (reason IN ('share', 'clock')),
     message text NOT NULL,
     created_at timestamptz NOT NULL,
     trusted_at timestamptz NOT NULL,
     segments integer NOT NULL,
     bytes bigint NOT NULL,
     footage_bytes bigint NOT NULL,
     plan jsonb NOT NULL,
     rules jsonb NOT NULL,
     approved_at timestamptz,
     approved_by text,
     passed_segments integer NOT NULL DEFAULT 0,
     passed_bytes bigint NOT NULL DEFAULT 0,
     closed_at timestamptz,
     closed_because text,
     CHECK ((closed_at IS NULL) = (closed_because IS NULL))
   )`,
  'CREATE UNIQUE INDEX retention_block_open ON retention_block (volume_id) WHERE closed_at IS NULL',
  'ALTER TABLE segment ADD COLUMN delete_detail jsonb',
  'ALTER TABLE deletion ADD COLUMN IF NOT EXISTS hash text, ADD COLUMN detail jsonb',
  // With the volume in it, what a stream holds on each volume is counted from the index alone, as is its timeline.
  'DROP INDEX IF EXISTS segment_stream_time, segment_timeline',
  'CREATE INDEX segment_timeline ON segment (stream_id, start_at) INCLUDE (end_at, bytes, state, volume_id)',
];

const DOWN = [
  'DROP INDEX segment_timeline',
  'CREATE INDEX segment_timeline ON segment (stream_id, start_at) INCLUDE (end_at, bytes, state)',
  'ALTER TABLE deletion DROP COLUMN IF EXISTS hash, DROP COLUMN detail',
  'ALTER TABLE segment DROP COLUMN delete_detail',
  'DROP TABLE retention_block, retention_sweep, hold',
];
