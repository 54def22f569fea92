import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NightjarError } from '@nightjar/common';
import type { ManifestFile } from './manifest.js';

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const UNFINISHED = '.part';
/** What a film says of itself, beside it. */
const LISTING = 'film.json';

/**
 * Where exports lie: `<directory>/<id>/`, and `<directory>/<id>.part/` while one is made, with a folder for each film. A film
 * is there when its listing is.
 */
export class ExportFolders {
  /** @param directory absolute */
  constructor(private readonly directory: string) {}

  /** Path of a file of a finished export. */
  file(id: string, name: string): string {
    return join(this.folder(id), name);
  }

  /** An empty folder to make a film in; what an earlier attempt left is gone. */
  async beginFilm(id: string, part: number): Promise<string> {
    const folder = this.film(id, part);
    await this.reopen(id);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    return folder;
  }

  /** The film in the folder is whole. */
  async filmDone(id: string, part: number, listing: ManifestFile): Promise<void> {
    await writeFile(join(this.film(id, part), LISTING), JSON.stringify(listing), { flush: true });
    await syncFolder(this.film(id, part));
  }

  /**
   * Brings the films of an export together.
   * @returns their folder, and what each says of itself
   * @throws NightjarError 'conflict' when a film is not there
   */
  async gather(
    id: string,
    parts: number,
  ): Promise<{ readonly directory: string; readonly films: readonly ManifestFile[] }> {
    const directory = this.unfinished(id);
    await this.reopen(id);
    const films: ManifestFile[] = [];
    for (let part = 0; part < parts; part += 1) {
      const listing = await this.listing(id, part);
      films.push(listing);
      // An earlier attempt may have moved it.
      if (listing.file !== null)
        await ignoringMissing(
          rename(join(this.film(id, part), listing.file), join(directory, listing.file)),
        );
    }
    return { directory, films };
  }

  /** Makes what was begun a finished export, durably and at once. */
  async finish(id: string): Promise<void> {
    await syncFolder(this.unfinished(id));
    await rename(this.unfinished(id), this.folder(id));
    await syncFolder(this.directory);
  }

  /** Removes from a finished export what is not handed out. */
  async tidy(id: string, handedOut: readonly string[]): Promise<void> {
    for (const name of await namesIn(this.folder(id)))
      if (!handedOut.includes(name))
        await rm(join(this.folder(id), name), { recursive: true, force: true });
  }

  /** Removes an export, finished or not. */
  async remove(id: string): Promise<void> {
    for (const folder of [this.folder(id), this.unfinished(id)])
      await rm(folder, { recursive: true, force: true });
  }

  /** The exports of which there is a folder. What has another name is none of ours. */
  async ids(): Promise<string[]> {
    const ids = (await namesIn(this.directory)).map((name) =>
      name.endsWith(UNFINISHED) ? name.slice(0, -UNFINISHED.length) : name,
    );
    return [...new Set(ids.filter((id) => ID.test(id)))];
  }

  /** An earlier attempt came so far that the export had its name, and not further. */
  private async reopen(id: string): Promise<void> {
    await ignoringMissing(rename(this.folder(id), this.unfinished(id)));
  }

  private folder(id: string): string {
    if (!ID.test(id)) throw new NightjarError('not-found', 'footage/no-export', 'no such export');
    return join(this.directory, id);
  }

  private unfinished(id: string): string {
    return `${this.folder(id)}${UNFINISHED}`;
  }

  private film(id: string, part: number): string {
    return join(this.unfinished(id), String(part));
  }

  private async listing(id: string, part: number): Promise<ManifestFile> {
    try {
      return JSON.parse(await readFile(join(this.film(id, part), LISTING), 'utf8')) as ManifestFile;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      const message = `film ${part} of the export is not there`;
      throw new NightjarError('conflict', 'footage/film-missing', message, { id, part });
    }
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return (await ignoringMissing(readdir(folder))) ?? [];
}

async function ignoringMissing<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
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
