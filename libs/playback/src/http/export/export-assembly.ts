import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ZipFile } from 'yazl';
import type { ExportFile, ExportOrder } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import { check, requireRoom } from './film-writer.js';
import { printTime, type Manifest, type ManifestFile } from './manifest.js';
import { diskError, writeFileFrom } from './written-file.js';

const MANIFEST_FILE = 'manifest.json';

export interface AssemblyOptions {
  readonly order: ExportOrder;
  /** Absolute; holds the films. */
  readonly directory: string;
  /** What the manifest says of each part, in order. */
  readonly films: readonly ManifestFile[];
  readonly requestedMs: number;
  readonly software: string;
  /** What all files may take together. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/**
 * Adds the manifest to the films of an export, and makes an archive of all if that was asked for. Can be repeated.
 * @returns the files that are to be handed out; others may be removed
 * @throws NightjarError 'not-found' when nothing at all is recorded, 'exhausted' when the disk or the share for exports is
 *   full, 'cancelled' when the signal aborts
 */
export async function assembleExport(options: AssemblyOptions): Promise<ExportFile[]> {
  const { films, order, maxBytes } = options;
  const files = films.flatMap(({ file, bytes, sha256 }) =>
    file === null || sha256 === null ? [] : [{ name: file, bytes, sha256 }],
  );
  if (files.length === 0)
    throw new NightjarError(
      'not-found',
      'footage/not-found',
      'nothing is recorded of these cameras in this range',
    );
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  requireRoom(order.zip ? 2 * bytes : bytes, maxBytes);
  const manifest = await writeManifest(options);
  if (!order.zip) return [...files, manifest];
  return [await zip(options, [...files, manifest]), manifest];
}

async function writeManifest({
  directory,
  films,
  order,
  requestedMs,
  software,
}: AssemblyOptions): Promise<ExportFile> {
  const manifest: Manifest = {
    format: 'nightjar-export',
    version: 1,
    software,
    requestedAt: printTime(requestedMs),
    start: printTime(order.startMs),
    end: printTime(order.endMs),
    files: films,
  };
  const text = Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`);
  await writeFile(join(directory, MANIFEST_FILE), text).catch((error: unknown) => {
    throw diskError(error);
  });
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { name: MANIFEST_FILE, bytes: text.length, sha256 };
}

/** Nothing is compressed, for films are. */
async function zip(
  { directory, order, requestedMs, signal }: AssemblyOptions,
  files: readonly ExportFile[],
): Promise<ExportFile> {
  const archive = new ZipFile();
  const settings = { mtime: new Date(requestedMs), mode: 0o100644, compress: false };
  for (const { name } of files) archive.addFile(join(directory, name), name, settings);
  archive.end();
  const name = `export_${printTime(order.startMs).replace(/[-:]/g, '')}.zip`;
  // Of an earlier attempt.
  await rm(join(directory, name), { force: true });
  const blocks = archive.outputStream as unknown as AsyncIterable<Uint8Array>;
  return writeFileFrom(join(directory, name), name, blocks, () => check(signal));
}
