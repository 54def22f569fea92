import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Decisions about access, and what was changed by whom. */
export class CreateAudit implements MigrationInterface {
  readonly name = 'CreateAudit0000000000010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE audit (
      id text PRIMARY KEY,
      at timestamptz NOT NULL,
      kind text NOT NULL,
      principal text,
      address text,
      protocol text,
      camera text,
      data jsonb
    )`);
    await runner.query('CREATE INDEX audit_at ON audit (at, id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE audit');
  }
}
