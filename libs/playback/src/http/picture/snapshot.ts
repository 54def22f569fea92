import type { SegmentReader } from '@nightjar/recording';
import { buildClip } from '../clip/clip.js';
import type { StoredFootage } from '../stored-footage.js';
import type { Ffmpeg } from './ffmpeg.js';

/** Bounds of a picture; it keeps its shape. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

export interface SnapshotRequest {
  readonly camera: string;
  readonly stream: string;
  /** Wall time. */
  readonly at: number | 'latest';
  /** Undefined: as it was recorded. */
  readonly size: PictureSize | undefined;
}

export interface Snapshot {
  readonly jpeg: Buffer;
  /** Wall time of the picture. */
  readonly wallMs: number;
}

/** How long before the end of the footage its newest picture begins, at the most. */
const LATEST_MS = 10_000;

/**
 * The picture that was to be seen at a time: the last one that began at or before it.
 * @throws NightjarError 'not-found' when nothing was recorded then, and as `Ffmpeg.jpeg`
 */
export async function takeSnapshot(
  footage: StoredFootage,
  ffmpeg: Ffmpeg,
  { camera, stream, at, size }: SnapshotRequest,
  signal?: AbortSignal,
): Promise<Snapshot> {
  const atMs = at === 'latest' ? await latest(footage, camera, stream) : at;
  const wallMs = await pictureAt(footage, camera, stream, atMs, at === 'latest' ? LATEST_MS : 0);
  const range = { camera, stream, startMs: wallMs, endMs: wallMs + 1, gaps: 'cut' } as const;
  const clip = await buildClip(footage, range, { kinds: ['vide'] });
  return { jpeg: await ffmpeg.jpeg(clip.file, scale(size), signal), wallMs };
}

async function latest(footage: StoredFootage, camera: string, stream: string): Promise<number> {
  const last = await footage.archive.last(camera, stream);
  if (last === undefined) throw footage.missing('nothing is recorded of this camera');
  return last.endMs;
}

/** Wall time of the picture that stands at an instant. */
async function pictureAt(
  footage: StoredFootage,
  camera: string,
  stream: string,
  atMs: number,
  graceMs: number,
): Promise<number> {
  const segments = await footage.archive.list(camera, stream, atMs - graceMs, atMs + 1);
  for (const segment of segments.toReversed()) {
    const reader = await footage.archive.open(segment);
    try {
      const found = reader.endMs + graceMs > atMs ? await lastPicture(reader, atMs) : undefined;
      if (found !== undefined) return found;
    } finally {
      await reader.close();
    }
  }
  throw footage.missing('no picture was recorded at this time');
}

async function lastPicture(reader: SegmentReader, atMs: number): Promise<number | undefined> {
  if (reader.header.tracks[0]?.kind !== 'video') return undefined;
  let best: number | undefined;
  for await (const { samples } of reader.fragmentsFrom(atMs)) {
    let behind = true;
    for (const { track, ticks, decodeTicks } of samples) {
      if (track !== 0) continue;
      const wallMs = reader.wallMs(0, ticks);
      if (wallMs <= atMs + GRACE_MS && wallMs > (best ?? -Infinity)) best = wallMs;
      if (reader.wallMs(0, decodeTicks) <= atMs) behind = false;
    }
    if (behind) break;
  }
  return best;
}

/** Who asks for a picture's own time must get it, however it was rounded. */
const GRACE_MS = 0.5;

function scale(size: PictureSize | undefined): string {
  return size === undefined
    ? 'null'
    : `scale=w='min(iw,${size.width})':h='min(ih,${size.height})':force_original_aspect_ratio=decrease`;
}
