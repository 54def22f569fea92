import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How each volume was when it was last looked at. */
export class VolumeHealth implements MigrationInterface {
  readonly name = 'VolumeHealth0000000000006';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE volume
      ADD COLUMN state text NOT NULL DEFAULT 'active',
      ADD COLUMN health text NOT NULL DEFAULT 'unknown',
      ADD COLUMN problem text,
      ADD COLUMN last_seen timestamptz,
      ADD COLUMN free_bytes bigint,
      ADD COLUMN size_bytes bigint`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE volume
      DROP COLUMN state,
      DROP COLUMN health,
      DROP COLUMN problem,
      DROP COLUMN last_seen,
      DROP COLUMN free_bytes,
      DROP COLUMN size_bytes`);
  }
}
