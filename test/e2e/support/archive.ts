import { expect } from '@jest/globals';
import { Cameras } from './cameras.js';
import { concurrently } from './concurrently.js';
import { eventually } from './eventually.js';
import { decodedPictures } from './ffmpeg.js';
import { footageOf, type RecordedPicture } from './footage.js';
import { Installation, recordedCameraAt } from './installation.js';
import type { Stage } from './stage.js';

/**
 * Times of pictures here are those of the name of their file and of the media in it. What Nightjar tells goes by clocks that are
 * slewed by up to 0.1 %, over files of up to 5 s, and names are of whole milliseconds.
 */
export const CLOCK_TOLERANCE_MS = 6;

export interface ArchivedPicture extends RecordedPicture {
  /** MD5 of the decoded picture. */
  readonly decoded: string;
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
      return recorded.map((picture, index) => ({ ...picture, decoded: decoded[index]! }));
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
