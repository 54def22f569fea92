import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NightjarError } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';

/** Line of `postmaster.pid` that holds the port; PostgreSQL, src/include/utils/pidfile.h. */
const PORT_LINE = 4;
/** As the appliance sets up its embedded PostgreSQL. */
const EMBEDDED = { user: 'nightjar', database: 'nightjar', host: '127.0.0.1' } as const;

/**
 * Where the catalog is: `database.url` (NIGHTJAR_DATABASE_URL), or the embedded PostgreSQL of a running appliance.
 * @throws NightjarError `unavailable` if there is none of them
 */
export async function databaseUrl(config: NightjarConfig): Promise<string> {
  return config.database.url ?? (await embeddedUrl(config.dataDir));
}

async function embeddedUrl(dataDir: string): Promise<string> {
  try {
    const pidFile = await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8');
    const port = Number(pidFile.split('\n')[PORT_LINE - 1]);
    const password = (await readFile(join(dataDir, 'secrets', 'postgres-password'), 'utf8')).trim();
    return `postgres://${EMBEDDED.user}:${encodeURIComponent(password)}@${EMBEDDED.host}:${port}/${EMBEDDED.database}`;
  } catch (error) {
    throw new NightjarError(
      'unavailable',
      'fsck/no-database',
      'the catalog is not running: start Nightjar, or name its database by NIGHTJAR_DATABASE_URL or database.url',
      { dataDir },
      error,
    );
  }
}
