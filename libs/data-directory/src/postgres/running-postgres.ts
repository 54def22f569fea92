import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { NightjarError } from '@nightjar/common';
import { OWN, passwordFileOf, urlOf } from './own-database.js';

/** Line of `postmaster.pid` that holds the port; PostgreSQL, src/include/utils/pidfile.h. */
const PORT_LINE = 4;

/**
 * Where the PostgreSQL of a data directory listens, while its Nightjar runs.
 * @throws NightjarError `unavailable` when it does not
 */
export async function runningPostgresUrl(dataDir: string): Promise<string> {
  try {
    const pidFile = await readFile(path.join(dataDir, OWN.folder, 'postmaster.pid'), 'utf8');
    const port = Number(pidFile.split('\n')[PORT_LINE - 1]);
    const password = (await readFile(passwordFileOf(dataDir), 'utf8')).trim();
    return urlOf(port, password);
  } catch (error) {
    throw new NightjarError(
      'unavailable',
      'postgres/not-running',
      'the catalog is not running: start Nightjar, or name its database by NIGHTJAR_DATABASE_URL or database.url',
      { dataDir },
      error,
    );
  }
}
