import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Devices that were found in the network, adopted or not. */
export class CreateDevice implements MigrationInterface {
  readonly name = 'CreateDevice0000000000009';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE device (
      id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      endpoint text NOT NULL UNIQUE,
      serial text,
      make text,
      model text,
      firmware text,
      hardware text,
      name text,
      addresses jsonb NOT NULL,
      service_urls jsonb NOT NULL,
      scopes jsonb NOT NULL,
      capabilities jsonb NOT NULL DEFAULT '[]',
      profiles jsonb NOT NULL DEFAULT '[]',
      clock_offset_ms double precision,
      decision text NOT NULL DEFAULT 'new' CHECK (decision IN ('new', 'adopted', 'ignored')),
      camera text,
      changes jsonb NOT NULL DEFAULT '[]',
      problem text,
      first_seen timestamptz NOT NULL,
      last_seen timestamptz NOT NULL,
      read_at timestamptz,
      left_at timestamptz,
      CHECK ((decision = 'adopted') = (camera IS NOT NULL))
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE device');
  }
}
