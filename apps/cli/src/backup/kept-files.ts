import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { signingKeyFile } from '@nightjar/integrity';
import { urlKeyFile } from '@nightjar/access';
import { filesNamedIn, readManaged } from '@nightjar/config';
import { knownVolumesFile } from '@nightjar/recording';
import type { Place } from './archive.js';

/** Belongs to the files of the embedded PostgreSQL beside it, which a backup does not hold. */
const OF_THE_DATABASE = 'postgres-password';
/** A file that systemd gives to the service, and to a command that root types. */
export const SYSTEMD_CREDENTIAL = /^\$\{?CREDENTIALS_DIRECTORY\}?\//;

export interface KeptFile {
  readonly place: Place;
  /** Relative to its place; absolute for `absolute`. */
  readonly path: string;
  readonly content: Buffer;
  readonly mode: number;
}

export interface KeptFiles {
  readonly dataDir: string;
  readonly files: readonly KeptFile[];
  /** Secrets that are not in the backup, and named files that could not be read. */
  readonly leftOut: readonly string[];
}

/**
 * The configuration and what stands beside it. Of secrets, those that only Nightjar has come along: the keys that sign addresses and
 * checkpoints; the others if asked for.
 * @param configFile absolute
 * @throws ConfigError for a configuration that is no YAML
 */
export async function keptFiles(configFile: string, withSecrets: boolean): Promise<KeptFiles> {
  const text = await readFile(configFile, 'utf8');
  const { dataDir } = filesNamedIn(text, configFile, process.env);
  const managed = await readManaged(dataDir);
  const named = filesNamedIn(text, configFile, process.env, managed.cameras).files;
  const configFolder = dirname(configFile);

  const always = [
    configFile,
    join(dataDir, 'managed.json'),
    join(dataDir, 'onvif-uuid'),
    // What was read of it before the backup is in the catalog, the rest is read again.
    join(dataDir, 'event-file.json'),
    knownVolumesFile(dataDir),
    urlKeyFile(dataDir),
    signingKeyFile(dataDir),
  ];
  const credentials = named.filter((file) => SYSTEMD_CREDENTIAL.test(file));
  const secrets = new Set([
    ...named
      .filter((file) => !SYSTEMD_CREDENTIAL.test(file))
      .map((file) => resolve(configFolder, file)),
    ...(await filesBelow(join(dataDir, 'secrets'))),
  ]);
  for (const file of [...always, join(dataDir, 'secrets', OF_THE_DATABASE)]) secrets.delete(file);

  const files: KeptFile[] = [];
  const leftOut = [...credentials];
  for (const file of always) {
    const kept = await keep(file, placeOf(file, configFile, dataDir));
    if (kept !== undefined) files.push(kept);
  }
  for (const file of secrets) {
    const kept = withSecrets ? await keep(file, placeOf(file, configFile, dataDir)) : undefined;
    if (kept === undefined) leftOut.push(file);
    else files.push(kept);
  }
  return { dataDir, files, leftOut: leftOut.toSorted() };
}

function placeOf(
  file: string,
  configFile: string,
  dataDir: string,
): { place: Place; path: string } {
  if (file === configFile) return { place: 'configuration', path: '' };
  const inData = relative(dataDir, file);
  if (isBelow(inData)) return { place: 'data', path: inData };
  const besideConfig = relative(dirname(configFile), file);
  if (isBelow(besideConfig)) return { place: 'beside-configuration', path: besideConfig };
  return { place: 'absolute', path: file };
}

/** Whether a relative path stays in the folder that it is relative to. */
export function isBelow(path: string): boolean {
  return path !== '' && !isAbsolute(path) && !path.split(/[/\\]/).includes('..');
}

async function keep(
  file: string,
  { place, path }: { place: Place; path: string },
): Promise<KeptFile | undefined> {
  try {
    const { mode } = await stat(file);
    return { place, path, content: await readFile(file), mode: mode & 0o777 };
  } catch (error) {
    if (['ENOENT', 'EACCES', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return undefined;
    throw error;
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
