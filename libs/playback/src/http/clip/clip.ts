import { createHash } from 'node:crypto';
import { NightjarError } from '@nightjar/common';
import type { Parts } from '@nightjar/containers';
import type { ArchivedSegment, SegmentReader } from '@nightjar/recording';
import type { FootageRequest } from '../footage-request.js';
import { Positions, type Hole } from '../position.js';
import type { StoredFootage } from '../stored-footage.js';
import { VirtualFile, type Piece } from '../virtual-file.js';
import { ClipMovie } from './clip-movie.js';

export interface ClipRequest extends FootageRequest {
  /** `cut`: what was not recorded is left out; `keep`: the last picture stands for as long as it really was. */
  readonly gaps: 'cut' | 'keep';
}

/** A stretch of a segment file in a clip. */
export interface ClipSource {
  readonly segment: ArchivedSegment;
  readonly offset: number;
  readonly length: number;
  /** The segment could not be read to the end of what is wanted. */
  readonly damaged: boolean;
}

/** A range of footage as one MP4 that exists nowhere: its front in memory, its media data in the segment files. */
export interface Clip {
  readonly file: VirtualFile;
  /** Strong validator (RFC 9110 s.8.8.1): the same bytes have the same, other bytes another. */
  readonly etag: string;
  /** Wall time of the first and behind the last instant that is in it. */
  readonly startMs: number;
  readonly endMs: number;
  readonly sources: readonly ClipSource[];
  /** Where nothing is recorded between them. */
  readonly holes: readonly Hole[];
  /** Volumes that could not be looked at: footage on them is not in it. */
  readonly volumesAway: readonly string[];
  readonly frontBytes: number;
  /** A segment was still being written: asked again, the clip may be longer. */
  readonly growing: boolean;
}

export interface ClipOptions {
  /** Handler types of the tracks that are wanted (`vide`, `soun`); all when left out. */
  readonly kinds?: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * Builds a clip. Reads the front of each fragment, no media.
 * @throws NightjarError 'not-found' when nothing is recorded there, 'unavailable' when a volume that is away may hold it,
 *   'invalid' when it is too long, 'cancelled' when the signal aborts
 */
export async function buildClip(
  footage: StoredFootage,
  request: ClipRequest,
  { kinds, signal }: ClipOptions = {},
): Promise<Clip> {
  const { camera, stream, startMs, endMs } = request;
  const segments = await footage.archive.list(camera, stream, startMs, endMs);
  const movie = new ClipMovie(kinds);
  const sources: ClipSource[] = [];
  let positions: Positions | undefined;
  let firstMs = startMs;
  let lastMs = startMs;
  let lastShiftMs = startMs;
  let growing = false;
  for (const segment of segments) {
    if (signal?.aborted) throw new NightjarError('cancelled', 'footage/cancelled', 'not wanted');
    const reader = await tryOpen(footage, segment);
    if (reader === undefined) continue;
    try {
      if (positions === undefined) firstMs = Math.max(startMs, reader.startMs);
      positions ??= new Positions(firstMs, request.gaps);
      const { shiftMs } = positions.next(reader.startMs, reader.endMs);
      const taken = await movie.add(reader, { startMs, endMs }, shiftMs);
      growing ||= !reader.closed;
      if (taken === undefined) continue;
      sources.push({
        segment,
        offset: taken.offset,
        length: taken.end - taken.offset,
        damaged: taken.damaged,
      });
      lastMs = Math.min(endMs, reader.endMs);
      lastShiftMs = shiftMs;
    } finally {
      await reader.close();
    }
  }
  if (positions === undefined || sources.length === 0)
    throw footage.missing('nothing was recorded in this range');
  const front = movie.finish({ startMs: 0, endMs: lastMs - lastShiftMs });
  const pieces: Piece[] = front.parts.map((bytes) => ({ bytes }));
  for (const { segment, offset, length } of sources)
    pieces.push({ path: footage.path(segment), offset, length });
  return {
    file: new VirtualFile(pieces),
    etag: etagOf(front, sources),
    startMs: firstMs,
    endMs: lastMs,
    sources,
    holes: positions.holes,
    volumesAway: footage.away.map(({ name }) => name),
    frontBytes: front.bytes,
    growing,
  };
}

/** A segment that retention took meanwhile, or that is damaged, is time without footage. */
async function tryOpen(
  footage: StoredFootage,
  segment: ArchivedSegment,
): Promise<SegmentReader | undefined> {
  try {
    return await footage.archive.open(segment);
  } catch (error) {
    const gone = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (gone || (error instanceof NightjarError && error.kind === 'data-loss')) return undefined;
    throw error;
  }
}

/** Segments never change but for growing at their end, so a name and a range stand for bytes. */
function etagOf(front: Parts, sources: readonly ClipSource[]): string {
  const hash = createHash('sha256');
  for (const part of front.parts) hash.update(part);
  for (const { segment, offset, length } of sources)
    hash.update(`${segment.volume}/${segment.path}@${offset}+${length}\n`);
  return `"${hash.digest('base64url')}"`;
}
