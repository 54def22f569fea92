import { readFileSync } from 'node:fs';
import path from 'node:path';
import { NightjarError } from '@nightjar/common';

/** The product's version, from the package.json above this file; the distance differs between source and build. */
export function productVersion(): string {
  for (let folder = import.meta.dirname; ; folder = path.dirname(folder)) {
    const version = versionIn(path.join(folder, 'package.json'));
    if (version !== undefined) return version;
    if (folder === path.dirname(folder)) {
      throw new NightjarError('internal', 'cli/no-version', 'no package.json of nightjar is found');
    }
  }
}

function versionIn(file: string): string | undefined {
  try {
    const manifest: { name?: string; version?: string } = JSON.parse(readFileSync(file, 'utf8'));
    return manifest.name === 'nightjar' ? manifest.version : undefined;
  } catch {
    return undefined;
  }
}
