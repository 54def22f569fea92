import { readFileSync } from 'node:fs';

/** Version of this installation, from the package.json above the code, wherever that was built to. */
export const VERSION = readVersion();

function readVersion(): string {
  for (let folder = new URL('./', import.meta.url); ; folder = new URL('../', folder)) {
    try {
      const { name, version } = JSON.parse(
        readFileSync(new URL('package.json', folder), 'utf8'),
      ) as {
        name?: string;
        version?: string;
      };
      if (name === 'nightjar') return version ?? 'unknown';
    } catch {
      // Not here: one folder up.
    }
    if (folder.pathname === '/') return 'unknown';
  }
}
