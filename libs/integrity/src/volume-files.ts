import { access } from 'node:fs/promises';
import type { Catalog, FileContent, ScannedFile } from '@nightjar/catalog';
import { readJournal, scanVolume, type SegmentOnDisk, type Volume } from '@nightjar/recording';

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
    } else {
      const { path, bytes } = file;
      yield { path, bytes, read: () => contentOf(file, writingSinceMs) };
    }
  }
}

async function contentOf(
  file: SegmentOnDisk,
  writingSinceMs: number,
): Promise<FileContent | undefined> {
  const content = await file.read();
  if (content === undefined) return undefined;
  if ('problem' in content) return { defect: 'damaged', detail: content.problem };
  const { hash, volumeId: _volume, ...facts } = content;
  if (hash !== undefined) return { facts: { ...facts, hash, recovered: false } };
  if (facts.endMs >= writingSinceMs) return undefined;
  return { defect: 'unclosed', detail: 'closed when the recorder next starts' };
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
