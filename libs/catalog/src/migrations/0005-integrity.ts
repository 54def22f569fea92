import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The chain of hashes, what checks of the files found, and the signed checkpoints. */
export class Integrity implements MigrationInterface {
  readonly name = 'Integrity0000000000005';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE checkpoint, damage, integrity_pass');
    await runner.query('DROP INDEX deletion_hash');
    await runner.query('ALTER TABLE segment DROP COLUMN previous_hash');
  }
}

const UP = [
  'ALTER TABLE segment ADD COLUMN previous_hash text',
  // What was deleted stays a link of its chain.
  'ALTER TABLE deletion ADD COLUMN IF NOT EXISTS hash text',
  'CREATE INDEX deletion_hash ON deletion (hash)',
  // One row per volume: how far the present pass over its files has come.
  `CREATE TABLE integrity_pass (
     volume_id uuid PRIMARY KEY REFERENCES volume,
     started_at timestamptz NOT NULL,
     finished_at timestamptz,
     after_start timestamptz,
     after_run text,
     after_sequence integer,
     segments bigint NOT NULL DEFAULT 0,
     bytes bigint NOT NULL DEFAULT 0
   )`,
  `CREATE TABLE damage (
     volume_id uuid NOT NULL REFERENCES volume,
     path text NOT NULL,
     kind text NOT NULL,
     stream_id integer NOT NULL REFERENCES stream,
     start_at timestamptz NOT NULL,
     end_at timestamptz NOT NULL,
     detail text NOT NULL,
     found_at timestamptz NOT NULL DEFAULT now(),
     seen_at timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (volume_id, path, kind)
   )`,
  'CREATE INDEX damage_stream_time ON damage (stream_id, start_at)',
  `CREATE TABLE checkpoint (
     day date PRIMARY KEY,
     payload text NOT NULL,
     signature text NOT NULL,
     key_id text NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now()
   )`,
];
