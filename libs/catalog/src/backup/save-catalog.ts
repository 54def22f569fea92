import type { QueryRunner } from 'typeorm';
import { NightjarError } from '@nightjar/common';
import { createCatalogDataSource } from '../data-source.js';
import { databaseError } from '../database-error.js';
import type { SavedCatalog, SavedRows, SavedTable } from './catalog-content.js';
import { migrationsOf, quoted, schemaLevel, tablesOf } from '../schema-state.js';

/** Rows asked for at once. */
const PAGE = 2_000;

/** Values as every server reads them, whatever it is set to. */
const PLAIN_TEXT = `SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres';
  SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'`;

/**
 * Reads the catalog as it is at one instant, while others write to it. Its schema may be older than this version.
 * @param keep is given each table with its rows, which it has to read to their end
 * @throws NightjarError `unavailable` while the database is away, `conflict` for a schema of a later version, `not-found` if there is none
 */
export async function saveCatalog(
  url: string,
  keep: (table: SavedTable, rows: SavedRows) => Promise<void>,
): Promise<SavedCatalog> {
  const source = createCatalogDataSource(url, () => undefined);
  try {
    await source.initialize();
    const runner = source.createQueryRunner();
    try {
      await runner.startTransaction('REPEATABLE READ');
      await runner.query('SET TRANSACTION READ ONLY');
      await runner.query(PLAIN_TEXT);
      const migrations = await migrationsOf(runner);
      if (migrations.length === 0)
        throw new NightjarError('not-found', 'catalog/none', 'the database holds no catalog');
      schemaLevel(migrations, 'the catalog');
      const tables = await tablesOf(source, runner);
      for (const table of tables) await keep(table, rowsOf(runner, table));
      // Numbers are drawn outside of transactions: read last, none is lower than one in a row.
      const sequences = (await runner.query(SEQUENCES)) as SavedCatalog['sequences'];
      await runner.commitTransaction();
      return { migrations, tables, sequences };
    } finally {
      // A connection that ends takes its transaction with it.
      await runner.release();
    }
  } catch (error) {
    throw databaseError(error);
  } finally {
    if (source.isInitialized) await source.destroy();
  }
}

async function* rowsOf(runner: QueryRunner, { name, columns }: SavedTable): SavedRows {
  const values = columns.map((column) => `${quoted(column.name)}::text`).join(', ');
  try {
    await runner.query(
      `DECLARE saved NO SCROLL CURSOR FOR SELECT json_build_array(${values})::text AS row FROM ${quoted(name)}`,
    );
    for (;;) {
      const page = (await runner.query(`FETCH ${PAGE} FROM saved`)) as { row: string }[];
      for (const { row } of page) yield row;
      if (page.length < PAGE) break;
    }
    await runner.query('CLOSE saved');
  } catch (error) {
    // Told apart from what goes wrong where the rows are written to.
    throw databaseError(error);
  }
}

const SEQUENCES = `
  SELECT sequencename AS name, last_value::text AS last FROM pg_sequences
  WHERE schemaname = current_schema() AND last_value IS NOT NULL AND sequencename <> 'catalog_migration_id_seq'
  ORDER BY sequencename`;
