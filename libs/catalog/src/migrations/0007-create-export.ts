import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Exports: what was asked for, how far it is, and which files came of it. */
export class CreateExport implements MigrationInterface {
  readonly name = 'CreateExport0000000000007';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE export (
      id uuid PRIMARY KEY,
      created_at timestamptz NOT NULL,
      created_by text,
      request jsonb NOT NULL,
      state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed')),
      progress double precision NOT NULL DEFAULT 0,
      reason text,
      files jsonb NOT NULL DEFAULT '[]',
      bytes bigint NOT NULL DEFAULT 0,
      expires_at timestamptz NOT NULL,
      CHECK (CASE state WHEN 'failed' THEN reason IS NOT NULL WHEN 'waiting' THEN true ELSE reason IS NULL END)
    )`);
    await runner.query('CREATE INDEX export_created ON export (created_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE export');
  }
}
