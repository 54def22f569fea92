import type { DataSource, QueryRunner } from 'typeorm';
import { NightjarError } from '@nightjar/common';
import { MIGRATIONS } from './migrations/index.js';
import type { SavedTable } from './backup/catalog-content.js';

/** A connection, or a pool of them. */
export interface Queries {
  query(sql: string): Promise<unknown>;
}

/** Migrations of this version, in order. */
export const KNOWN_MIGRATIONS: readonly string[] = MIGRATIONS.map(
  (Migration) => new Migration().name,
);

/**
 * How many of the migrations of this version a schema had.
 * @throws NightjarError `conflict` if it had others: a later version made it
 */
export function schemaLevel(migrations: readonly string[], whose: string): number {
  const foreign = migrations.find((name, index) => name !== KNOWN_MIGRATIONS[index]);
  if (foreign === undefined) return migrations.length;
  throw new NightjarError(
    'conflict',
    'catalog/newer-schema',
    `${whose} is of a later version of Nightjar (${foreign}): use that version`,
  );
}

/**
 * For those who use a schema and do not change it.
 * @throws NightjarError `conflict` unless it is that of this version
 */
export async function requireCurrentSchema(database: Queries): Promise<void> {
  const level = schemaLevel(await migrationsOf(database), 'the catalog in the database');
  if (level === KNOWN_MIGRATIONS.length) return;
  if (level === 0)
    throw new NightjarError(
      'conflict',
      'catalog/none',
      'the database holds no catalog yet: start Nightjar, which makes it, or run: nightjar migrate',
    );
  throw new NightjarError(
    'conflict',
    'catalog/older-schema',
    'the catalog is of an earlier version of Nightjar: back it up, then start this version, which brings it up to date, or run: nightjar migrate',
  );
}

/** Migrations that a database has seen; none of an empty one. */
export async function migrationsOf(runner: Queries): Promise<string[]> {
  const there = (await runner.query(
    `SELECT to_regclass('catalog_migration') IS NOT NULL AS yes`,
  )) as { yes: boolean }[];
  if (there[0]?.yes !== true) return [];
  const rows = (await runner.query('SELECT name FROM catalog_migration ORDER BY timestamp')) as {
    name: string;
  }[];
  return rows.map(({ name }) => name);
}

/** Tables of the catalog that this database has, each after those that it refers to; others' tables are none of them. */
export async function tablesOf(source: DataSource, runner: QueryRunner): Promise<SavedTable[]> {
  const names = source.entityMetadatas
    .filter(({ tableType }) => tableType === 'regular')
    .map(({ tableName }) => tableName);
  const tables = (await runner.query(COLUMNS, [names])) as SavedTable[];
  const references = (await runner.query(REFERENCES)) as { from: string; to: string }[];
  const left = new Map(tables.map((table) => [table.name, table]));
  const ordered: SavedTable[] = [];
  const place = (table: SavedTable): void => {
    if (!left.delete(table.name)) return;
    for (const { from, to } of references) {
      const before = from === table.name ? left.get(to) : undefined;
      if (before !== undefined) place(before);
    }
    ordered.push(table);
  };
  for (const table of tables) place(table);
  return ordered;
}

const COLUMNS = `
  SELECT c.relname AS name,
    json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum) AS columns
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
  WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY($1) AND c.relkind IN ('r', 'p')
    AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
  GROUP BY c.relname ORDER BY c.relname`;

const REFERENCES = `
  SELECT f.relname AS "from", t.relname AS "to"
  FROM pg_constraint k JOIN pg_class f ON f.oid = k.conrelid JOIN pg_class t ON t.oid = k.confrelid
  WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace AND f.oid <> t.oid`;

/** As SQL writes a name. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
