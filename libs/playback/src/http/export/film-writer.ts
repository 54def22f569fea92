import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ExportedStream } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import { buildClip, type Clip } from '../clip/clip.js';
import { TOUCH_MS, type Hole } from '../position.js';
import type { StoredFootage } from '../stored-footage.js';
import { VirtualFile } from '../virtual-file.js';
import type { ExportPart } from './export-parts.js';
import {
  explainHoles,
  printTime,
  type ManifestFile,
  type ManifestSource,
  type ReasonSpan,
} from './manifest.js';
import { writeFileFrom } from './written-file.js';

/** Time between reports of progress, in bytes. */
const REPORT_BYTES = 16 * 2 ** 20;

export interface FilmOptions {
  readonly footage: StoredFootage;
  readonly part: ExportPart;
  /** Absolute; empty. */
  readonly directory: string;
  /** Why footage of a stream is missing. */
  reasons(stream: ExportedStream, startMs: number, endMs: number): Promise<readonly ReasonSpan[]>;
  /** Told now and then, 0 to 1. */
  progress(share: number): Promise<void>;
  /** What the film may take. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/**
 * Writes one film of an export, if anything is recorded. The same footage gives the same film, however often it is done.
 * @returns what the manifest says of it
 * @throws NightjarError 'unavailable' when a volume is away, 'exhausted' when the disk or the share for exports is full,
 *   'cancelled' when the signal aborts
 */
export async function writeFilm(options: FilmOptions): Promise<ManifestFile> {
  const { directory, footage, part } = options;
  const { camera, stream, startMs, endMs } = part;
  if (footage.away.length > 0) throw footage.missing('an export wants every volume');
  const clip = await clipOf(options);
  const spans = await options.reasons({ camera, stream }, startMs, endMs);
  if (clip === undefined) {
    const none = { file: null, bytes: 0, sha256: null, start: null, end: null, sources: [] };
    return { camera, stream, ...none, gaps: explainHoles([{ startMs, endMs }], spans) };
  }
  const sources: ManifestSource[] = [];
  for (const source of clip.sources) {
    check(options.signal);
    sources.push(await sourceOf(footage, source.segment));
  }
  requireRoom(clip.file.size, options.maxBytes);
  const name = `${camera}_${stream}_${printTime(clip.startMs).replace(/[-:]/g, '')}.mp4`;
  let done = 0;
  let reported = 0;
  const { bytes, sha256 } = await writeFileFrom(
    join(directory, name),
    name,
    clip.file.read(),
    async (written) => {
      check(options.signal);
      done += written;
      if (done - reported < REPORT_BYTES) return;
      reported = done;
      await options.progress(done / clip.file.size);
    },
  );
  return {
    camera,
    stream,
    file: name,
    bytes,
    sha256,
    start: printTime(clip.startMs),
    end: printTime(clip.endMs),
    sources,
    gaps: explainHoles(holesOf(clip, startMs, endMs), spans),
  };
}

/** @throws NightjarError 'exhausted' when so many bytes are more than are left for exports */
export function requireRoom(bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return;
  throw new NightjarError(
    'exhausted',
    'footage/exports-full',
    `the export takes more than is left of exports.maxBytes (${maxBytes} bytes): delete others first, or ask for less`,
  );
}

/** @throws NightjarError 'cancelled' when the work is to stop */
export function check(signal: AbortSignal): void {
  if (signal.aborted)
    throw new NightjarError('cancelled', 'footage/cancelled', 'the export was interrupted');
}

async function clipOf({ footage, part, signal }: FilmOptions): Promise<Clip | undefined> {
  try {
    return await buildClip(footage, { ...part, gaps: 'cut' }, { signal });
  } catch (error) {
    if (error instanceof NightjarError && error.kind === 'not-found') return undefined;
    throw error;
  }
}

/** Reads the whole file, so that the export tells whether it is still what was recorded. */
async function sourceOf(
  footage: StoredFootage,
  segment: Clip['sources'][number]['segment'],
): Promise<ManifestSource> {
  const reader = await footage.archive.open(segment);
  try {
    const bytes = reader.mediaEnd;
    const hash = createHash('sha256');
    const file = new VirtualFile([{ path: footage.path(segment), offset: 0, length: bytes }]);
    for await (const block of file.read()) hash.update(block);
    const sha256 = hash.digest('hex');
    const noted = reader.index?.hash;
    const recorded = noted === undefined ? 'open' : noted === sha256 ? 'match' : 'differ';
    return { volume: segment.volume, path: segment.path, bytes, sha256, recorded };
  } finally {
    await reader.close();
  }
}

function holesOf(
  { startMs: first, endMs: last, holes }: Clip,
  startMs: number,
  endMs: number,
): Hole[] {
  const all = [...holes];
  if (first - startMs > TOUCH_MS) all.unshift({ startMs, endMs: first });
  if (endMs - last > TOUCH_MS) all.push({ startMs: last, endMs });
  return all;
}
