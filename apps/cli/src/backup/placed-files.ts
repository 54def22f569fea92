import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, NightjarError } from '@nightjar/common';
import type { Archive, SavedFile } from './archive.js';
import { isBelow } from './kept-files.js';

/** Where the files of a backup go. Absolute. */
export interface Places {
  readonly configFile: string;
  readonly dataDir: string;
}

const ASIDE = '.before-restore';

/** Files of a backup that were put to their places; what was there before stands beside them. */
export class PlacedFiles {
  private constructor(private readonly placed: { file: string; aside: boolean }[]) {}

  /**
   * Puts every file to its place that is not there as it is.
   * @throws NightjarError `conflict` unless `force` when other files are in the way; then, as after any error, nothing was changed
   */
  static async put(archive: Archive, places: Places, force: boolean): Promise<PlacedFiles> {
    const wanted = [];
    for (const saved of archive.content.files) {
      const file = targetOf(saved, places);
      const content = await archive.read(saved.part);
      const present = await readIfThere(file);
      if (present?.equals(content) !== true)
        wanted.push({ file, content, mode: saved.mode, aside: present !== undefined });
    }
    const inTheWay = wanted.filter(({ aside }) => aside).map(({ file }) => file);
    if (inTheWay.length > 0 && !force) {
      const message = `other files are in the way: ${inTheWay.join(', ')}; --force puts them aside (NAME${ASIDE}), --catalog-only leaves files alone`;
      throw new NightjarError('conflict', 'backup/file-in-the-way', message);
    }
    const done = new PlacedFiles([]);
    try {
      for (const { file, content, mode, aside } of wanted) {
        await mkdir(dirname(file), { recursive: true, mode: 0o700 });
        if (aside) await rename(file, `${file}${ASIDE}`);
        done.placed.push({ file, aside });
        await writeFile(file, content, { mode, flush: true });
      }
    } catch (error) {
      await done.undo();
      const message = `cannot put the files of the backup to their places: ${messageOf(error)}`;
      throw new NightjarError('unavailable', 'backup/place', message, {}, error);
    }
    return done;
  }

  get files(): string[] {
    return this.placed.map(({ file }) => file);
  }

  /** As it was before. */
  async undo(): Promise<void> {
    for (const { file, aside } of this.placed.toReversed()) {
      if (aside) await rename(`${file}${ASIDE}`, file);
      else await rm(file, { force: true });
    }
  }
}

function targetOf({ place, path }: SavedFile, { configFile, dataDir }: Places): string {
  if (place === 'configuration') return configFile;
  if (place === 'absolute') return path;
  if (!isBelow(path)) {
    const message = `the backup names a file outside of its folder: ${path}`;
    throw new NightjarError('invalid', 'backup/path', message);
  }
  return join(place === 'data' ? dataDir : dirname(configFile), path);
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
