import { DataSource } from 'typeorm';
import { MIGRATIONS } from '../../libs/catalog/src/migrations/index.js';

/** Makes of an empty database what the release with the first `count` migrations made of it. */
export async function makeOlderCatalog(url: string, count: number): Promise<void> {
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
