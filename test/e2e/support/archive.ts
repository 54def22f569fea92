import { expect } from '@jest/globals';
import { Cameras } from './cameras.js';
import { concurrently } from './concurrently.js';
import { eventually } from './eventually.js';
import { decodedPictures } from './ffmpeg.js';
import { footageOf, type RecordedPicture } from './footage.js';
import { Installation, recordedCameraAt } from './installation.js';
import type { Stage } from './stage.js';

/** Times in files are of whole ticks, in names, ranges and extensions of about a millisecond. */
export const ROUNDING_MS = 2;
/** Of the clock of the camera and of ours together. */
const MAX_SLEW = 1_000e-6;

/**
 * How far what Nightjar tells of a picture may be from what the name of its file and the media before it there say, in ms: what
 * it tells goes by clocks that are slewed.
 */
export function clockToleranceMs(mediaMs: number): number {
  return ROUNDING_MS + mediaMs * MAX_SLEW;
}

export interface ArchivedPicture extends RecordedPicture {
  /** MD5 of the decoded picture. */
  readonly decoded: string;
  /** Media before it in its file. */
  readonly intoFileMs: number;
}

/** Pictures of one camera before and after it was away. */
export interface Stretches {
  readonly before: readonly ArchivedPicture[];
  readonly after: readonly ArchivedPicture[];
}

interface ArchiveOptions {
  readonly secondsBefore: number;
  readonly outageSeconds: number;
  readonly secondsAfter: number;
}

/** What was recorded, while recording goes on. */
export interface Archive {
  readonly nightjar: Installation;
  /** By camera, without the files that still grow. */
  readonly stretches: Readonly<Record<string, Stretches>>;
}

/** Records cameras that are named like their clips, with an outage in the middle. */
export async function recordArchive(
  stage: Stage,
  clips: readonly string[],
  { secondsBefore, outageSeconds, secondsAfter }: ArchiveOptions,
): Promise<Archive> {
  const cameras = await Cameras.start(stage, Object.fromEntries(clips.map((clip) => [clip, clip])));
  const nightjar = await Installation.create(stage, {
    recording: { segment: '3s' },
    cameras: Object.fromEntries(clips.map((clip) => [clip, recordedCameraAt(cameras.url(clip))])),
  });
  await nightjar.startMedia();
  const recorded = async (seconds: number, withinSeconds: number): Promise<void> => {
    for (const clip of clips) {
      await eventually(
        async () => expect(await nightjar.recordedSeconds(clip)).toBeGreaterThanOrEqual(seconds),
        { withinMs: withinSeconds * 1000, everyMs: 250 },
      );
    }
  };
  await recorded(secondsBefore, secondsBefore + 5);
  for (const clip of clips) await cameras.inject(clip, { refuse: outageSeconds });
  await recorded(secondsBefore + secondsAfter, outageSeconds + secondsAfter + 10);
  const entries: [string, Stretches][] = [];
  for (const clip of clips) entries.push([clip, await stretchesOf(nightjar.volume, clip)]);
  return { nightjar, stretches: Object.fromEntries(entries) };
}

async function stretchesOf(volume: string, camera: string): Promise<Stretches> {
  const files = (await footageOf(volume, camera)).slice(0, -1);
  const runs = [...new Set(files.map(({ run }) => run))];
  expect(runs).toHaveLength(2);
  const [before, after] = await concurrently(runs, async (run) => {
    const ofRun = files.filter((file) => file.run === run);
    const pictures = await concurrently(ofRun, async ({ file, pictures: recorded }) => {
      const decoded = await decodedPictures(['-i', file]);
      expect(decoded).toHaveLength(recorded.length);
      return recorded.map((picture, index) => ({
        ...picture,
        decoded: decoded[index]!,
        intoFileMs: picture.wallMs - recorded[0]!.wallMs,
      }));
    });
    return pictures.flat();
  });
  return { before: before!, after: after! };
}

/** URL of the recording of a camera from one wall time to another; to the present when there is no end. */
export function playbackUrl(
  { nightjar }: Archive,
  camera: string,
  startMs: number,
  endMs?: number,
): string {
  const time = (ms: number): string => new Date(Math.round(ms)).toISOString();
  const end = endMs === undefined ? '' : `&end=${time(endMs)}`;
  return nightjar.url(`playback/${camera}?start=${time(startMs)}${end}`);
}

export function keyframeBefore(
  pictures: readonly ArchivedPicture[],
  wallMs: number,
): ArchivedPicture {
  const found = pictures.findLast((picture) => picture.keyframe && picture.wallMs <= wallMs + 0.5);
  if (found === undefined) throw new Error('no keyframe that early');
  return found;
}

/** What a player must see from the keyframe at or before `startMs` to `endMs`. */
export function shown(
  pictures: readonly ArchivedPicture[],
  startMs: number,
  endMs: number,
): ArchivedPicture[] {
  const fromMs = keyframeBefore(pictures, startMs).wallMs;
  return pictures.filter(({ wallMs }) => wallMs >= fromMs && wallMs < endMs);
}
