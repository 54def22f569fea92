import { readFileSync } from 'node:fs';
import path from 'node:path';
import { NightjarError } from '@nightjar/common';

/** Folder of this installation: that of its package.json, above this file; the distance differs between source and build. */
export const INSTALLATION = rootAbove(import.meta.dirname);

export const VERSION = versionIn(INSTALLATION) ?? '';

function rootAbove(folder: string): string {
  if (versionIn(folder) !== undefined) return folder;
  const above = path.dirname(folder);
  if (above === folder) {
    throw new NightjarError('internal', 'role/no-version', 'no package.json of nightjar is found');
  }
  return rootAbove(above);
}

function versionIn(folder: string): string | undefined {
  try {
    const file = path.join(folder, 'package.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string };
    return manifest.name === 'nightjar' ? manifest.version : undefined;
  } catch {
    return undefined;
  }
}
