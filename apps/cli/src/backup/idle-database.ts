import { existsSync } from 'node:fs';
import { requireNoUsers } from '@nightjar/catalog';
import { messageOf, NightjarError } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import { lockDataDirectory, withOwnPostgres } from '@nightjar/data-directory';
import type { Output } from '../command.js';

/**
 * Keeps a data directory from every Nightjar while `work` goes on.
 * @throws NightjarError `conflict` while one runs with it
 */
export async function withIdleDirectory<Result>(
  dataDir: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const lock = takeLock(dataDir);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/**
 * The database of a configuration, with no Nightjar at work in it; the embedded one is started for it. The caller holds the data
 * directory.
 * @throws NightjarError `conflict` while there is one, `unavailable` while the database is away
 */
export async function withIdleDatabase<Result>(
  { database, dataDir }: NightjarConfig,
  { err }: Output,
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  if (database.url === undefined) {
    const warn = (_fields: object | string, line = ''): void => err(line);
    return withOwnPostgres(dataDir, { debug: () => undefined, warn }, work);
  }
  await requireNoUsers(database.url);
  return work(database.url);
}

function takeLock(dataDir: string): { release(): void } {
  // Who restores the catalog alone may be on a machine that has no such folder.
  if (!existsSync(dataDir)) return { release: () => undefined };
  try {
    return lockDataDirectory(dataDir);
  } catch (error) {
    if (!(error instanceof NightjarError))
      throw new NightjarError('unavailable', 'backup/data-directory', messageOf(error), {}, error);
    if (error.code !== 'appliance/already-running') throw error;
    throw new NightjarError(
      'conflict',
      'backup/running',
      `Nightjar runs with ${dataDir} (process ${error.where['pid']}): stop it, restore, and start it again; nothing was changed`,
      error.where,
      error,
    );
  }
}
