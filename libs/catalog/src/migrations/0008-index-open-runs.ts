import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Runs whose end is not known are few: a timeline asks for those on volumes that cannot be read. */
export class IndexOpenRuns implements MigrationInterface {
  readonly name = 'IndexOpenRuns0000000000008';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE INDEX run_open ON run (stream_id, started_at) WHERE ended_at IS NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX run_open');
  }
}
