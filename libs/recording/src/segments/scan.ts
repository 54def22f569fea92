import { readdir, stat } from 'node:fs/promises';
import { messageOf, NightjarError } from '@nightjar/common';
import { parseSegmentPath } from './segment-path.js';
import type { SegmentName } from './segment-path.js';
import { SegmentReader } from './segment-reader.js';
import type { Volume } from '../volumes/volume.js';

/** What a segment file alone tells: enough to rebuild its row in the catalog. */
export interface SegmentFacts extends SegmentName {
  /** Below the volume. */
  readonly path: string;
  readonly volumeId: string;
  readonly endMs: number;
  readonly bytes: number;
  readonly keyframes: number;
  /** Undefined while the segment is not closed. */
  readonly hash: string | undefined;
  /** As the file's header has it. */
  readonly previousHash: string | null;
  readonly codecs: readonly string[];
}

/** A segment file whose content has not been looked at. */
export interface SegmentOnDisk {
  /** Below the volume. */
  readonly path: string;
  readonly name: SegmentName;
  readonly bytes: number;
  /** Opens the file; undefined when it was deleted meanwhile. */
  read(): Promise<SegmentFacts | ScanProblem | undefined>;
}

/** A file of a volume that is not a segment in its right place. */
export interface ScanProblem {
  readonly path: string;
  readonly problem: string;
}

/**
 * Walks a whole volume and tells of every file below its camera folders, in the order of their names. Files deleted
 * meanwhile are left out.
 */
export async function* scanVolume(volume: Volume): AsyncGenerator<SegmentOnDisk | ScanProblem> {
  for await (const path of files(volume, '')) {
    const name = parseSegmentPath(path);
    if (name === undefined) {
      yield { path, problem: 'not the path of a segment' };
      continue;
    }
    const bytes = await ifThere(stat(volume.resolve(path)).then(({ size }) => size));
    if (bytes === undefined) continue;
    yield { path, name, bytes, read: () => readFacts(volume, path, name) };
  }
}

async function readFacts(
  volume: Volume,
  path: string,
  name: SegmentName,
): Promise<SegmentFacts | ScanProblem | undefined> {
  try {
    return await ifThere(segmentFacts(volume, path, name));
  } catch (error) {
    if (!(error instanceof NightjarError)) throw error;
    return { path, problem: messageOf(error.cause ?? error) };
  }
}

/** Undefined when the file is gone. */
async function ifThere<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function segmentFacts(
  volume: Volume,
  path: string,
  name: SegmentName,
): Promise<SegmentFacts | ScanProblem> {
  const absolute = volume.resolve(path);
  const reader = await SegmentReader.open(absolute);
  try {
    const { header, index, endMs, keyframes } = reader;
    if (
      header.camera !== name.camera ||
      header.stream !== name.stream ||
      header.run !== name.run ||
      header.sequence !== name.sequence
    ) {
      return { path, problem: 'the file says that it is another segment than its path' };
    }
    return {
      ...name,
      path,
      volumeId: volume.id,
      endMs,
      bytes: (await stat(absolute)).size,
      keyframes: keyframes.length,
      hash: index?.hash,
      previousHash: header.previousHash,
      codecs: header.tracks.map((track) => track.codec),
    };
  } finally {
    await reader.close();
  }
}

async function* files(volume: Volume, directory: string): AsyncGenerator<string> {
  const entries = await readdir(volume.resolve(directory), { withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    },
  );
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    // The volume's own affairs, and what the file system keeps at its root.
    if (directory === '' && (entry.name === '.nightjar' || entry.name === 'lost+found')) continue;
    const path = directory === '' ? entry.name : `${directory}/${entry.name}`;
    if (entry.isDirectory()) yield* files(volume, path);
    else yield path;
  }
}
