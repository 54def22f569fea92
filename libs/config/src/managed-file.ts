import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { NightjarError } from '@nightjar/common';
import { MAX_CONFIG_BYTES } from './config-text.js';
import { errnoWords } from './errno.js';

/** In the data directory; written by control, read by every role with the configuration. */
export const MANAGED_FILE = 'managed.json';

/** What Nightjar itself adds to the declared configuration, which wins. */
export interface Managed {
  /** Entries of `cameras`, as they would be written; not checked. */
  readonly cameras: Readonly<Record<string, unknown>>;
  /** Hosts at which cameras with `onvif.address: by-serial` were found last, by camera. */
  readonly addresses: Readonly<Record<string, string>>;
}

const NOTHING: Managed = { cameras: {}, addresses: {} };

/**
 * @returns nothing managed when there is no such file
 * @throws NightjarError `config/managed` for one that cannot be read
 */
export async function readManaged(dataDir: string): Promise<Managed> {
  const file = path.join(dataDir, MANAGED_FILE);
  try {
    if ((await stat(file)).size > MAX_CONFIG_BYTES) throw new Error('is too large');
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (!isMap(value)) throw new Error('holds no object');
    const { cameras, addresses } = value as Partial<Managed>;
    const hosts = Object.entries(isMap(addresses) ? addresses : {}).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    return { cameras: isMap(cameras) ? cameras : {}, addresses: Object.fromEntries(hosts) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return NOTHING;
    const reason = error instanceof SyntaxError ? 'holds no JSON' : errnoWords(error);
    throw new NightjarError('invalid', 'config/managed', `${file}: ${reason}`, {}, error);
  }
}

let lastUpdate: Promise<unknown> = Promise.resolve();

/**
 * Changes the file as a whole: a reader sees it as before or as after. Writers of one process come one after another, and all
 * that write are in the control role.
 * @throws NightjarError `config/managed`, `config/managed-write`
 */
export function updateManaged(
  dataDir: string,
  change: (before: Managed) => Managed,
): Promise<void> {
  const update = lastUpdate.then(() => updateNow(dataDir, change));
  lastUpdate = update.catch(() => undefined);
  return update;
}

async function updateNow(dataDir: string, change: (before: Managed) => Managed): Promise<void> {
  const next = change(await readManaged(dataDir));
  const file = path.join(dataDir, MANAGED_FILE);
  const draft = `${file}.${randomUUID()}`;
  try {
    await mkdir(dataDir, { recursive: true });
    await writeFile(draft, `${JSON.stringify(next, undefined, 2)}\n`, { mode: 0o640, flush: true });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    const message = `cannot write ${file}: ${errnoWords(error)}`;
    throw new NightjarError('unavailable', 'config/managed-write', message, {}, error);
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
