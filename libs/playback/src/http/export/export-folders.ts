import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NightjarError } from '@nightjar/common';

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const UNFINISHED = '.part';

/** Where exports lie: `<directory>/<id>/`, and `<directory>/<id>.part/` while one is made. */
export class ExportFolders {
  /** @param directory absolute */
  constructor(private readonly directory: string) {}

  /** Path of a file of a finished export. */
  file(id: string, name: string): string {
    return join(this.folder(id), name);
  }

  /** An empty folder to work in; what an earlier attempt left is gone. */
  async begin(id: string): Promise<string> {
    const folder = `${this.folder(id)}${UNFINISHED}`;
    await this.remove(id);
    await mkdir(folder, { recursive: true });
    return folder;
  }

  /** Makes what was begun a finished export, durably and at once. */
  async finish(id: string): Promise<void> {
    await syncFolder(`${this.folder(id)}${UNFINISHED}`);
    await rename(`${this.folder(id)}${UNFINISHED}`, this.folder(id));
    await syncFolder(this.directory);
  }

  /** Removes an export, finished or not. */
  async remove(id: string): Promise<void> {
    for (const folder of [this.folder(id), `${this.folder(id)}${UNFINISHED}`])
      await rm(folder, { recursive: true, force: true });
  }

  /** The exports of which there is a folder. What has another name is none of ours. */
  async ids(): Promise<string[]> {
    const names = await readdir(this.directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const ids = names.map((name) =>
      name.endsWith(UNFINISHED) ? name.slice(0, -UNFINISHED.length) : name,
    );
    return [...new Set(ids.filter((id) => ID.test(id)))];
  }

  private folder(id: string): string {
    if (!ID.test(id)) throw new NightjarError('not-found', 'footage/no-export', 'no such export');
    return join(this.directory, id);
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
