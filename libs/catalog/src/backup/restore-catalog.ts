import type { DataSource, QueryRunner } from 'typeorm';
import { NightjarError } from '@nightjar/common';
import { createPatientDataSource, migrate, MIGRATION_LOCK_KEY } from '../data-source.js';
import { databaseError } from '../database-error.js';
import { MIGRATIONS } from '../migrations/index.js';
import type { SavedCatalog, SavedRows, SavedTable } from './catalog-content.js';
import {
  KNOWN_MIGRATIONS,
  migrationsOf,
  quoted,
  schemaLevel,
  tablesOf,
  type Queries,
} from '../schema-state.js';

/** Rows per statement. */
const PAGE = 1_000;
/** How long to wait for those who use a table. */
const LOCK_TIMEOUT = '30s';

export interface RestoredCatalog {
  readonly rows: number;
  /** Migrations that the schema of the backup had not seen. */
  readonly migrated: readonly string[];
}

/**
 * Puts a saved catalog in the place of the one that is there: all of it or nothing. It is loaded into the schema that it had, and
 * brought up to this version's from there, as an upgrade would.
 * @throws NightjarError `conflict` for a schema of a later version, for a catalog that a Nightjar works with, and unless `force` for one
 * that holds something; `unavailable` while the database is away
 */
export async function restoreCatalog(
  url: string,
  saved: SavedCatalog,
  rowsOf: (table: SavedTable) => SavedRows,
  { force }: { readonly force: boolean },
): Promise<RestoredCatalog> {
  const level = schemaLevel(saved.migrations, 'the backup');
  const source = createPatientDataSource(url);
  try {
    await source.initialize();
    const runner = source.createQueryRunner();
    try {
      schemaLevel(await migrationsOf(runner), 'the catalog in the database');
      await requireIdle(runner);
      if (!force) await requireUnused(source, runner);
      await migrate(source);
      await runner.startTransaction();
      try {
        await runner.query(
          `SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'; SET LOCAL TimeZone = 'UTC'`,
        );
        await runner.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK_KEY]);
        await emptySchema(source, runner);
        await migrateFrom(runner, 0, level);
        const rows = await load(runner, saved, rowsOf);
        await migrateFrom(runner, level, MIGRATIONS.length);
        await runner.commitTransaction();
        return { rows, migrated: KNOWN_MIGRATIONS.slice(level) };
      } catch (error) {
        // The error at hand is the one to tell.
        await runner.rollbackTransaction().catch(() => undefined);
        throw error;
      }
    } finally {
      await runner.release();
    }
  } catch (error) {
    throw databaseError(error);
  } finally {
    if (source.isInitialized) await source.destroy();
  }
}

/**
 * Looks for a Nightjar that works with a database: its roles keep connections open under their names.
 * @throws NightjarError `conflict` if there is one, `unavailable` while the database is away
 */
export async function requireNoUsers(url: string): Promise<void> {
  const source = createPatientDataSource(url);
  try {
    await source.initialize();
    await requireIdle(source);
  } catch (error) {
    throw databaseError(error);
  } finally {
    if (source.isInitialized) await source.destroy();
  }
}

async function requireIdle(database: Queries): Promise<void> {
  const users = (await database.query(USERS)) as { name: string; address: string | null }[];
  if (users.length === 0) return;
  const who = users.map(({ name, address }) => `${name} at ${address ?? 'this machine'}`);
  throw new NightjarError(
    'conflict',
    'catalog/in-use',
    `Nightjar works with this database (${who.join(', ')}): stop it, restore, and start it again; nothing was changed`,
  );
}

/** Commands are none of them: they come and go, and wait for each other. */
const USERS = `
  SELECT DISTINCT application_name AS name, host(client_addr) AS address FROM pg_stat_activity
  WHERE datname = current_database() AND application_name LIKE 'nightjar-%' AND application_name <> 'nightjar-command'
  ORDER BY 1, 2`;

async function requireUnused(source: DataSource, runner: QueryRunner): Promise<void> {
  for (const { name } of await tablesOf(source, runner)) {
    const [held] = (await runner.query(`SELECT EXISTS (SELECT FROM ${quoted(name)}) AS rows`)) as {
      rows: boolean;
    }[];
    if (held?.rows === true)
      throw new NightjarError(
        'conflict',
        'catalog/not-empty',
        `the catalog in the database is not empty (${name}): --force puts the backup in its place`,
        { table: name },
      );
  }
}

/** From the last migration to the first. Without rows, none of it takes long. */
async function emptySchema(source: DataSource, runner: QueryRunner): Promise<void> {
  const tables = await tablesOf(source, runner);
  await runner.query(`TRUNCATE ${tables.map(({ name }) => quoted(name)).join(', ')}`);
  for (const Migration of MIGRATIONS.toReversed()) await new Migration().down(runner);
}

async function migrateFrom(runner: QueryRunner, from: number, to: number): Promise<void> {
  for (const Migration of MIGRATIONS.slice(from, to)) await new Migration().up(runner);
}

async function load(
  runner: QueryRunner,
  { tables, sequences }: SavedCatalog,
  rowsOf: (table: SavedTable) => SavedRows,
): Promise<number> {
  let rows = 0;
  for (const table of tables) {
    let page: string[] = [];
    for await (const row of rowsOf(table)) {
      page.push(row);
      if (page.length < PAGE) continue;
      await insert(runner, table, page);
      rows += page.length;
      page = [];
    }
    if (page.length > 0) await insert(runner, table, page);
    rows += page.length;
  }
  for (const { name, last } of sequences)
    await runner.query('SELECT setval(quote_ident($1)::regclass, $2::bigint)', [name, last]);
  return rows;
}

async function insert(
  runner: QueryRunner,
  { name, columns }: SavedTable,
  page: readonly string[],
): Promise<void> {
  const rows = `[${page.join(',')}]`;
  if (name === 'segment') {
    const start = columns.findIndex((column) => column.name === 'start_at');
    await runner.query(
      `SELECT ensure_segment_partition(at) FROM (
         SELECT DISTINCT date_trunc('month', (r ->> ${start})::timestamptz) AS at FROM json_array_elements($1::json) r
       ) months`,
      [rows],
    );
  }
  const names = columns.map((column) => quoted(column.name)).join(', ');
  const values = columns.map(({ type }, index) => `(r ->> ${index})::${type}`).join(', ');
  await runner.query(
    `INSERT INTO ${quoted(name)} (${names}) OVERRIDING SYSTEM VALUE SELECT ${values} FROM json_array_elements($1::json) r`,
    [rows],
  );
}
