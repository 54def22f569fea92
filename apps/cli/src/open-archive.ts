import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Catalog } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import { loadConfig, type NightjarConfig } from '@nightjar/config';
import { isPlainName, Volume } from '@nightjar/recording';
import { configFileOf } from './arguments.js';
import { databaseUrl } from './database-url.js';

/** The configuration in {@link configFileOf}. */
export async function readConfig(file: string | undefined): Promise<NightjarConfig> {
  return (await loadConfig(configFileOf(file))).config;
}

/**
 * Does something with the catalog, whose schema it leaves alone, and closes it.
 * @throws NightjarError `unavailable` when there is no database, `conflict` when its catalog is not of this version
 */
export async function withCatalog<Result>(
  config: NightjarConfig,
  work: (catalog: Catalog) => Promise<Result>,
): Promise<Result> {
  const catalog = new Catalog(await databaseUrl(config), { unavailable: () => undefined });
  try {
    await catalog.connectAsGuest();
    return await work(catalog);
  } finally {
    await catalog.close();
  }
}

/**
 * The volumes of a configuration, or the one that was named.
 * @throws NightjarError `not-found` for a name that is not configured, `unavailable` while one is not mounted
 */
export async function openVolumes(
  config: NightjarConfig,
  only: string | undefined,
): Promise<Volume[]> {
  const chosen = Object.entries(config.volumes).filter(
    ([name]) => only === undefined || name === only,
  );
  if (chosen.length === 0) {
    const names = Object.keys(config.volumes).join(', ');
    throw new NightjarError(
      'not-found',
      'cli/unknown-volume',
      `there is no volume ${only}; there are ${names}`,
    );
  }
  return Promise.all(chosen.map(([name, { path }]) => openVolume(name, path)));
}

/**
 * A camera of the configuration, or one that left it and has footage on a volume that is there.
 * @throws NightjarError `not-found` for any other, with the names there are
 */
export async function requireCamera(config: NightjarConfig, camera: string): Promise<void> {
  const names = new Set(Object.keys(config.cameras));
  for (const { path } of Object.values(config.volumes))
    for (const name of await readdir(path).catch(() => [])) if (isPlainName(name)) names.add(name);
  if (names.has(camera)) return;
  const list = [...names].toSorted().join(', ');
  throw new NightjarError(
    'not-found',
    'cli/no-camera',
    `there is no camera ${camera}, and no footage of one; there ${names.size === 0 ? 'is none' : `are ${list}`}`,
    { camera },
  );
}

/** Gives no folder an identity: that is the recorder's to do. */
async function openVolume(name: string, path: string): Promise<Volume> {
  await access(join(path, '.nightjar', 'volume.json')).catch((error: unknown) => {
    throw new NightjarError(
      'unavailable',
      'cli/no-volume',
      `${path} holds no volume: is its disk mounted?`,
      { volume: name },
      error,
    );
  });
  return Volume.open(name, path);
}

/** A volume that the catalog knows, with all that its journal tells. */
export async function register(catalog: Catalog, { id, name, root }: Volume): Promise<void> {
  await catalog.volumes.register({ id, name, path: root });
}
