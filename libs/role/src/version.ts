import { readFileSync } from 'node:fs';
import path from 'node:path';
import { NightjarError } from '@nightjar/common';

/** Version of this installation, from the package.json above this file; the distance differs between source and build. */
export const VERSION = readVersion(import.meta.dirname);

function readVersion(folder: string): string {
  const version = versionIn(path.join(folder, 'package.json'));
  if (version !== undefined) return version;
  const above = path.dirname(folder);
  if (above === folder) {
    throw new NightjarError('internal', 'role/no-version', 'no package.json of nightjar is found');
  }
  return readVersion(above);
}

function versionIn(file: string): string | undefined {
  try {
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
    return manifest.name === 'nightjar' ? manifest.version : undefined;
  } catch {
    return undefined;
  }
}
