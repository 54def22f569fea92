import { DataSource } from 'typeorm';
import { databaseError } from './database-error.js';
import { ENTITIES } from './entities.js';
import { MIGRATIONS } from './migrations/index.js';

/** Connections one process keeps to the catalog. */
const POOL_CONNECTIONS = 6;
const CONNECT_TIMEOUT_MS = 5_000;
/** The server gives up on a statement after this time. */
const STATEMENT_TIMEOUT_MS = 60_000;
/** We give up when the server does not even say so (a half-open connection). */
const QUERY_TIMEOUT_MS = 75_000;
/** Spells "NJAR"; every migrating process takes it. */
export const MIGRATION_LOCK_KEY = 0x4e4a4152;

/**
 * The TypeORM source of the catalog, not yet connected. Its pool replaces broken connections by itself.
 * @param onConnectionError told when an idle connection breaks, for instance at a restart of PostgreSQL
 */
export function createCatalogDataSource(
  url: string,
  onConnectionError: (error: Error) => void,
): DataSource {
  return new DataSource({
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
    applicationName: 'nightjar-catalog',
    poolSize: POOL_CONNECTIONS,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    poolErrorHandler: onConnectionError,
    extra: {
      keepAlive: true,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
    },
  });
}

/**
 * Brings the schema up to this version; waits while another process does so.
 * @returns the names of the migrations it ran
 * @throws NightjarError `unavailable` if the database cannot be reached
 */
export async function runMigrations(url: string): Promise<string[]> {
  const source = createCatalogDataSource(url, () => undefined);
  try {
    await source.initialize();
    return await migrate(source);
  } catch (error) {
    throw databaseError(error);
  } finally {
    if (source.isInitialized) await source.destroy();
  }
}

/**
 * Looks whether the database answers, and changes nothing in it.
 * @throws NightjarError `unavailable` if it does not
 */
export async function pingDatabase(url: string): Promise<void> {
  const source = createCatalogDataSource(url, () => undefined);
  try {
    await source.initialize();
    await source.query('SELECT 1');
  } catch (error) {
    throw databaseError(error);
  } finally {
    if (source.isInitialized) await source.destroy();
  }
}

/** As {@link runMigrations}, on a connected source. */
export async function migrate(source: DataSource): Promise<string[]> {
  const guard = source.createQueryRunner();
  try {
    await guard.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK_KEY]);
    try {
      const done = await source.runMigrations();
      return done.map((migration) => migration.name);
    } finally {
      await guard.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK_KEY]);
    }
  } finally {
    await guard.release();
  }
}
