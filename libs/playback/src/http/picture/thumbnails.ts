import type { Piece } from '../virtual-file.js';
import { VirtualFile } from '../virtual-file.js';
import { ClipMovie } from '../clip/clip-movie.js';
import type { FootageRequest } from '../footage-request.js';
import type { StoredFootage } from '../stored-footage.js';
import type { Ffmpeg } from './ffmpeg.js';

export const MAX_THUMBNAILS = 120;
/** Pictures in one row. */
const COLUMNS = 10;
/** Distance of the keyframes in the movie that ffmpeg gets. */
const STEP_MS = 1_000;
/** A window that holds the keyframe alone. */
const INSTANT_MS = 0.5;

export interface ThumbnailRequest extends FootageRequest {
  /** How many, spread evenly over the range. */
  readonly count: number;
  /** Of one picture; its shape is 16:9, with bars where the camera's is another. */
  readonly width: number;
}

/** A picture in the strip. */
export interface ThumbnailCell {
  /** The time it stands for. */
  readonly timeMs: number;
  /** Wall time of the keyframe that is shown: at or before it. */
  readonly pictureMs: number;
  readonly x: number;
  readonly y: number;
}

export interface ThumbnailStrip {
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly cells: readonly ThumbnailCell[];
  /** The keyframes as a movie for {@link drawStrip}. */
  readonly movie: VirtualFile;
  readonly columns: number;
  readonly rows: number;
}

/**
 * Chooses the keyframes of a strip. Times at which nothing was recorded have no picture.
 * @throws NightjarError 'not-found' when there is none at all
 */
export async function planStrip(
  footage: StoredFootage,
  { camera, stream, startMs, endMs, count, width }: ThumbnailRequest,
): Promise<ThumbnailStrip> {
  const cellHeight = Math.round((width * 9) / 16 / 2) * 2;
  const segments = await footage.archive.list(camera, stream, startMs, endMs);
  const movie = new ClipMovie(['vide']);
  const pieces: Piece[] = [];
  const cells: ThumbnailCell[] = [];
  for (let index = 0; index < count; index += 1) {
    const timeMs = startMs + ((index + 0.5) * (endMs - startMs)) / count;
    const segment = segments.find((s) => s.startMs <= timeMs && s.endMs > timeMs);
    if (segment === undefined) continue;
    const reader = await footage.archive.open(segment).catch(() => undefined);
    if (reader === undefined) continue;
    try {
      const keyframe = reader.keyframeAt(timeMs);
      if (reader.header.tracks[0]?.kind !== 'video' || keyframe === undefined) continue;
      const window = { startMs: keyframe.wallMs, endMs: keyframe.wallMs + INSTANT_MS };
      const position = cells.length;
      const taken = await movie.add(reader, window, keyframe.wallMs - position * STEP_MS);
      if (taken === undefined) continue;
      pieces.push({
        path: footage.path(segment),
        offset: taken.offset,
        length: taken.end - taken.offset,
      });
      const x = (position % COLUMNS) * width;
      const y = Math.floor(position / COLUMNS) * cellHeight;
      cells.push({ timeMs, pictureMs: keyframe.wallMs, x, y });
    } finally {
      await reader.close();
    }
  }
  if (cells.length === 0) throw footage.missing('no picture was recorded in this range');
  const front = movie.finish({ startMs: 0, endMs: cells.length * STEP_MS });
  return {
    cellWidth: width,
    cellHeight,
    cells,
    movie: new VirtualFile([...front.parts.map((bytes) => ({ bytes })), ...pieces]),
    columns: Math.min(COLUMNS, cells.length),
    rows: Math.ceil(cells.length / COLUMNS),
  };
}

/** The strip as one JPEG. */
export async function drawStrip(
  ffmpeg: Ffmpeg,
  { cellWidth, cellHeight, columns, rows, movie }: ThumbnailStrip,
  signal?: AbortSignal,
): Promise<Buffer> {
  const cell = `${cellWidth}:${cellHeight}`;
  const filters = [
    `scale=${cell}:force_original_aspect_ratio=decrease`,
    `pad=${cell}:-1:-1`,
    'setsar=1',
    `tile=${columns}x${rows}`,
  ];
  return await ffmpeg.jpeg(movie, filters.join(','), signal);
}
