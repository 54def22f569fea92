import type { DataSource } from 'typeorm';
import { NightjarError } from '@nightjar/common';
import { databaseError } from './database-error.js';
import { ENTITIES } from './entities.js';
import { MIGRATIONS } from './migrations/index.js';
import { migrationsOf, requireCurrentSchema, schemaLevel } from './schema-state.js';
import { wholeTypeorm } from './typeorm.js';

/** Connections one process keeps to the catalog. */
const POOL_CONNECTIONS = 6;
const CONNECT_TIMEOUT_MS = 5_000;
/** The server gives up on a statement after this time. */
const STATEMENT_TIMEOUT_MS = 60_000;
/** We give up when the server does not even say so (a half-open connection). */
const QUERY_TIMEOUT_MS = 75_000;
/** Spells "NJAR"; every migrating process takes it. */
export const MIGRATION_LOCK_KEY = 0x4e4a4152;

/** Who works on a catalog; in the database the connection is called `nightjar-<user>`. */
export type CatalogUser = 'control' | 'worker' | 'command';

/**
 * The TypeORM source of the catalog, not yet connected. Its pool replaces broken connections by itself.
 * @param onConnectionError told when an idle connection breaks, for instance at a restart of PostgreSQL
 */
export function createCatalogDataSource(
  url: string,
  onConnectionError: (error: Error) => void,
  user: CatalogUser = 'command',
): DataSource {
  return dataSource(url, onConnectionError, user, {
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
  });
}

/** As {@link createCatalogDataSource}, for what may take as long as it needs: a change of the schema of much footage. */
export function createPatientDataSource(url: string): DataSource {
  return dataSource(url, () => undefined, 'command', {});
}

function dataSource(
  url: string,
  poolErrorHandler: (error: Error) => void,
  user: CatalogUser,
  limits: { readonly statement_timeout?: number; readonly query_timeout?: number },
): DataSource {
  const { DataSource: Source } = wholeTypeorm();
  return new Source({
    type: 'postgres',
    url,
    synchronize: false,
    migrationsRun: false,
    installExtensions: false,
    logging: false,
    entities: ENTITIES,
    migrations: MIGRATIONS,
    migrationsTableName: 'catalog_migration',
    migrationsTransactionMode: 'each',
    applicationName: `nightjar-${user}`,
    poolSize: POOL_CONNECTIONS,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    poolErrorHandler,
    extra: { keepAlive: true, ...limits },
  });
}

/**
 * Brings the schema up to this version.
 * @returns the names of the migrations it ran
 * @throws NightjarError `unavailable` if the database cannot be reached, or while another process changes the schema: try again;
 * `conflict` for the schema of a later version
 */
export async function runMigrations(url: string): Promise<string[]> {
  const source = createPatientDataSource(url);
  try {
    await source.initialize();
    return await migrate(source);
  } catch (error) {
    throw databaseError(error);
  } finally {
    if (source.isInitialized) await source.destroy();
  }
}

/** As {@link runMigrations}, on a connected source that is patient. */
export async function migrate(source: DataSource): Promise<string[]> {
  const guard = source.createQueryRunner();
  try {
    const [lock] = (await guard.query('SELECT pg_try_advisory_lock($1) AS ours', [
      MIGRATION_LOCK_KEY,
    ])) as { ours: boolean }[];
    if (lock?.ours !== true)
      throw new NightjarError(
        'unavailable',
        'catalog/schema-changing',
        'another process brings the schema of the catalog up to date, or restores it',
      );
    try {
      schemaLevel(await migrationsOf(guard), 'the catalog in the database');
      const done = await source.runMigrations();
      return done.map((migration) => migration.name);
    } finally {
      await guard.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK_KEY]);
    }
  } finally {
    await guard.release();
  }
}

/**
 * Looks whether the database answers and holds a catalog of this version, and changes nothing in it.
 * @throws NightjarError `unavailable` if it does not answer, `conflict` if the catalog is another one, or none
 */
export async function requireCatalog(url: string): Promise<void> {
  const source = createCatalogDataSource(url, () => undefined);
  try {
    await source.initialize();
    await requireCurrentSchema(source);
  } catch (error) {
    throw databaseError(error);
  } finally {
    if (source.isInitialized) await source.destroy();
  }
}
