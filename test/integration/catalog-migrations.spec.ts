import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Catalog, runMigrations } from '@nightjar/catalog';
import { systemClock } from '@nightjar/common';
import pg from 'pg';
import { migrateCommand } from '../../apps/cli/src/commands/migrate.js';
import { runCli } from '../../apps/cli/src/run-cli.js';
import { MIGRATION_LOCK_KEY } from '../../libs/catalog/src/data-source.js';
import { MIGRATIONS } from '../../libs/catalog/src/migrations/index.js';
import { makeOlderCatalog } from '../support/older-catalog.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
}, 30_000);
afterAll(() => postgres.remove());

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
      await makeOlderCatalog(url, count);
      expect(await schemaOf(database)).not.toEqual(wanted);
      expect(await runMigrations(url)).toEqual(names.slice(count));
      expect([count, await schemaOf(database)]).toEqual([count, wanted]);
      expect(await runMigrations(url)).toEqual([]);
    }
  }, 60_000);

  it('keep what the release before has written', async () => {
    const database = 'with_rows';
    const url = await postgres.createDatabase(database);
    await makeOlderCatalog(url, MIGRATIONS.length - 1);
    await postgres.query(`INSERT INTO camera (name) VALUES ('gate')`, database);
    await runMigrations(url);
    expect(await postgres.query(`SELECT name FROM camera`, database)).toEqual([{ name: 'gate' }]);
  });

  it('run once when several processes begin at the same time: who comes second tries again', async () => {
    const url = await postgres.createDatabase('at_once');
    const ran = await Promise.allSettled([
      runMigrations(url),
      runMigrations(url),
      runMigrations(url),
    ]);
    const names = ran.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    expect(names).toEqual(MIGRATIONS.map((migration) => new migration().name));
    for (const one of ran)
      if (one.status === 'rejected')
        expect(one.reason).toMatchObject({ code: 'catalog/schema-changing', kind: 'unavailable' });
    expect(await runMigrations(url)).toEqual([]);
  });

  it('keep everybody waiting until they are done, and are not begun twice', async () => {
    const url = await postgres.createDatabase('waiting');
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    await other.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK_KEY]);
    const lines: string[] = [];
    const keep = (line: string): number => lines.push(line);
    const saidTo = (text: string): Promise<void> =>
      until(() => lines.some((line) => line.includes(text)));
    process.env['NIGHTJAR_DATABASE_URL'] = url;
    const folder = await mkdtemp(join(tmpdir(), 'nightjar-migrate-'));
    const config = join(folder, 'nightjar.yaml');
    await writeFile(config, 'version: 1');
    const complaints: string[] = [];
    const catalog = new Catalog(url, { unavailable: (reason) => void complaints.push(reason) });
    const stop = new AbortController();
    try {
      const migrating = runCli(['migrate', '--config', config], [migrateCommand], '0', {
        out: keep,
        err: keep,
      });
      const connecting = catalog.connectEventually(systemClock, stop.signal);
      await saidTo('waiting: another process');
      await until(() => complaints.length > 1);
      await expect(catalog.ping()).rejects.toMatchObject({ code: 'catalog/schema-changing' });
      await other.end();
      expect(await migrating).toBe(0);
      await connecting;
      await catalog.ping();
    } finally {
      stop.abort();
      await catalog.close();
      await rm(folder, { recursive: true });
    }
  });
});

describe('a catalog of another version', () => {
  const guest = async (url: string): Promise<void> => {
    const catalog = new Catalog(url, { unavailable: () => undefined });
    try {
      await catalog.connectAsGuest();
      await catalog.ping();
    } finally {
      await catalog.close();
    }
  };

  it('is left as it is by all who do not own the schema', async () => {
    const url = await postgres.createDatabase('guests');
    await expect(guest(url)).rejects.toMatchObject({ code: 'catalog/none' });
    await makeOlderCatalog(url, MIGRATIONS.length - 1);
    const before = await schemaOf('guests');
    await expect(guest(url)).rejects.toMatchObject({
      code: 'catalog/older-schema',
      message: expect.stringContaining('nightjar migrate'),
    });
    expect(await schemaOf('guests')).toEqual(before);
    await runMigrations(url);
    await guest(url);
  });

  it('is not worked with by an older version, whoever that is', async () => {
    const url = await postgres.createDatabase('newer');
    await runMigrations(url);
    await postgres.query(
      `INSERT INTO catalog_migration (timestamp, name) VALUES (9999, 'FromTheFuture0000000009999')`,
      'newer',
    );
    const newer = {
      code: 'catalog/newer-schema',
      message: expect.stringContaining('later version'),
    };
    await expect(guest(url)).rejects.toMatchObject(newer);
    await expect(runMigrations(url)).rejects.toMatchObject(newer);
    const catalog = new Catalog(url, { unavailable: () => undefined });
    await expect(catalog.connect()).rejects.toMatchObject(newer);
    await expect(catalog.ping()).rejects.toMatchObject(newer);
    await catalog.close();
  });
});
