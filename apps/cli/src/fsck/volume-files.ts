import { access } from 'node:fs/promises';
import type { Catalog, ScannedFile } from '@nightjar/catalog';
import { readJournal, scanVolume } from '@nightjar/recording';
import type { Volume } from '@nightjar/recording';

/** The catalog consumes what the journal still holds for it, as the worker would. */
export async function catchUp(catalog: Catalog, volume: Volume): Promise<void> {
  for (;;) {
    const from = await catalog.feed.cursor(volume.id);
    const { lines, cursor } = await readJournal(volume.journalDirectory, from);
    if (cursor.file === from.file && cursor.offset === from.offset) return;
    await catalog.feed.apply(volume.id, lines, cursor);
  }
}

/**
 * The files of a volume in the catalog's words.
 * @param writingSinceMs an unclosed file with footage after this is being written and left out
 */
export async function* scannedFiles(
  volume: Volume,
  writingSinceMs: number,
): AsyncGenerator<ScannedFile> {
  for await (const file of scanVolume(volume)) {
    if ('problem' in file) {
      yield { path: file.path, defect: 'damaged', detail: file.problem };
      continue;
    }
    const { hash, volumeId: _volume, ...facts } = file;
    if (hash !== undefined) yield { path: facts.path, facts: { ...facts, hash, recovered: false } };
    else if (facts.endMs < writingSinceMs)
      yield {
        path: facts.path,
        defect: 'unclosed',
        detail: 'closed when the recorder next starts',
      };
  }
}

/** Throws if the volume is not there, so that an unmounted disk is not taken for one without files. */
export async function fileExists(volume: Volume, path: string): Promise<boolean> {
  try {
    await access(volume.resolve(path));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await volume.verify();
    return false;
  }
}
