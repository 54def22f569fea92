import { runningPostgresUrl } from '@nightjar/data-directory';
import type { NightjarConfig } from '@nightjar/config';

/**
 * Where the catalog is: `database.url` (NIGHTJAR_DATABASE_URL), or the embedded PostgreSQL of a running appliance.
 * @throws NightjarError `unavailable` if there is none of them
 */
export async function databaseUrl(config: NightjarConfig): Promise<string> {
  return config.database.url ?? (await runningPostgresUrl(config.dataDir));
}
