import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runMigrations } from '@nightjar/catalog';
import { DataSource } from 'typeorm';
import { MIGRATIONS } from '../../libs/catalog/src/migrations/index.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
}, 30_000);
afterAll(() => postgres.remove());

/** As the release before that with `count` migrations left it. */
async function migrateTo(url: string, count: number): Promise<void> {
  const source = new DataSource({
    type: 'postgres',
    url,
    migrations: MIGRATIONS.slice(0, count),
    migrationsTableName: 'catalog_migration',
    migrationsTransactionMode: 'each',
  });
  await source.initialize();
  await source.runMigrations();
  await source.destroy();
}

/** Everything of the schema that a migration may make, in words. */
async function schemaOf(database: string): Promise<string[]> {
  const rows = await postgres.query<{ line: string }>(
    `SELECT format('%s.%s %s %s %s', table_name, column_name, udt_name, is_nullable, column_default) AS line
       FROM information_schema.columns WHERE table_schema = 'public'
     UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
     UNION ALL SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
       FROM pg_constraint WHERE connamespace = 'public'::regnamespace
     UNION ALL SELECT format('%s %s', event_object_table, action_statement) FROM information_schema.triggers
     UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
       AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')`,
    database,
  );
  return rows.map(({ line }) => line).toSorted();
}

describe('migrations of the catalog', () => {
  it('make the same of an empty database, and of that of every release before', async () => {
    const names = MIGRATIONS.map((migration) => new migration().name);
    const empty = await postgres.createDatabase('from_empty');
    expect(await runMigrations(empty)).toEqual(names);
    const wanted = await schemaOf('from_empty');
    expect(wanted.length).toBeGreaterThan(50);

    for (let count = 1; count < MIGRATIONS.length; count++) {
      const database = `from_${count}`;
      const url = await postgres.createDatabase(database);
      await migrateTo(url, count);
      expect(await schemaOf(database)).not.toEqual(wanted);
      expect(await runMigrations(url)).toEqual(names.slice(count));
      expect([count, await schemaOf(database)]).toEqual([count, wanted]);
      expect(await runMigrations(url)).toEqual([]);
    }
  }, 60_000);

  it('keep what the release before has written', async () => {
    const database = 'with_rows';
    const url = await postgres.createDatabase(database);
    await migrateTo(url, MIGRATIONS.length - 1);
    await postgres.query(`INSERT INTO camera (name) VALUES ('gate')`, database);
    await runMigrations(url);
    expect(await postgres.query(`SELECT name FROM camera`, database)).toEqual([{ name: 'gate' }]);
  });

  it('run once when several processes begin at the same time', async () => {
    const url = await postgres.createDatabase('at_once');
    const ran = await Promise.all([runMigrations(url), runMigrations(url), runMigrations(url)]);
    expect(ran.map(({ length }) => length).toSorted((a, b) => a - b)).toEqual([
      0,
      0,
      MIGRATIONS.length,
    ]);
  });
});
