import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../segments/durable-files.js';

interface Known {
  readonly path: string;
  readonly id: string;
}

/**
 * Which volume was last seen under each name and path, kept outside the volumes: the only way to tell an empty mount point
 * from a new volume (architecture.md, promise 7).
 */
export class KnownVolumes {
  private constructor(
    private readonly file: string,
    private readonly entries: Map<string, Known>,
  ) {}

  /** Reads the file; a missing or unreadable one knows nothing. */
  static async load(file: string): Promise<KnownVolumes> {
    try {
      const entries = Object.entries(
        JSON.parse(await readFile(file, 'utf8')) as Record<string, Known>,
      );
      return new KnownVolumes(file, new Map(entries));
    } catch {
      return new KnownVolumes(file, new Map());
    }
  }

  /** The identity to expect; undefined for a name or path that was never used. */
  idOf(name: string, path: string): string | undefined {
    const known = this.entries.get(name);
    return known?.path === path ? known.id : undefined;
  }

  /** Durable when it resolves. */
  async remember(name: string, path: string, id: string): Promise<void> {
    if (this.idOf(name, path) === id) return;
    this.entries.set(name, { path, id });
    const directory = dirname(this.file);
    await mkdir(directory, { recursive: true });
    const draft = await open(`${this.file}.new`, 'w');
    try {
      await draft.writeFile(`${JSON.stringify(Object.fromEntries(this.entries), undefined, 2)}\n`);
      await draft.sync();
    } finally {
      await draft.close();
    }
    await rename(`${this.file}.new`, this.file);
    await syncDirectory(directory);
  }
}

/** Where a data directory keeps it. */
export function knownVolumesFile(dataDir: string): string {
  return `${dataDir}/known-volumes.json`;
}
