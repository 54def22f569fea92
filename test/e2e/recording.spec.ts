import { describe, expect } from '@jest/globals';
import { Cameras } from './support/cameras.js';
import { eventually } from './support/eventually.js';
import { probeTracks } from './support/ffmpeg.js';
import { complaintsAbout, footageOf, type Footage } from './support/footage.js';
import { Installation, recordedCameraAt } from './support/installation.js';
import { figure } from './support/scale.js';
import { sharedStage, type Stage } from './support/stage.js';

/** Camera and clip, with the tracks that its files must have. */
const TRACKS: Readonly<Record<string, readonly string[]>> = {
  'front-door': ['video h264 640x360', 'audio aac'],
  garden: ['video h264 640x360'],
  gate: ['video hevc 640x360'],
};
const CAMERAS = Object.keys(TRACKS);
const SEGMENT_MS = 5_000;
const GOP_MS = 2_000;
const FRAME_MS = 40;
const RECORD_SECONDS = figure(300, 40);
const ELAPSED_TOLERANCE_MS = 500;
/** A fragment that is filled, and one that is on its way to the disk. */
const UNWRITTEN_SECONDS = 2.5;
/** First picture after media began. */
const START_LIMIT_MS = 2_000;

interface Recording {
  readonly footage: Readonly<Record<string, readonly Footage[]>>;
  /** Unix epoch milliseconds. */
  readonly startedMs: number;
  readonly stoppedMs: number;
  /** Pictures that the cameras sent. */
  readonly sent: Readonly<Record<string, number>>;
}

async function record(stage: Stage): Promise<Recording> {
  const cameras = await Cameras.start(
    stage,
    Object.fromEntries(CAMERAS.map((name) => [name, name])),
  );
  const nightjar = await Installation.create(stage, {
    recording: { segment: `${SEGMENT_MS / 1000}s` },
    cameras: Object.fromEntries(CAMERAS.map((name) => [name, recordedCameraAt(cameras.url(name))])),
  });
  const media = await nightjar.startMedia();
  const startedMs = Date.now();
  for (const camera of CAMERAS) {
    await eventually(
      async () =>
        expect(await nightjar.recordedSeconds(camera)).toBeGreaterThanOrEqual(RECORD_SECONDS),
      {
        withinMs: (RECORD_SECONDS + 10) * 1000,
        everyMs: 250,
      },
    );
  }
  const stoppedMs = Date.now();
  const metrics = await nightjar.metrics();
  for (const camera of CAMERAS) {
    const seconds = (of: string): number =>
      metrics.sum(`nightjar_camera_${of}_seconds_total`, { camera });
    const [expected, recorded, missing] = ['expected', 'recorded', 'missing'].map(seconds);
    expect(recorded).toBeGreaterThanOrEqual(RECORD_SECONDS - UNWRITTEN_SECONDS);
    expect(Math.abs(expected! - recorded! - missing!)).toBeLessThan(UNWRITTEN_SECONDS);
  }
  expect(await media.stop()).toEqual({ code: 0, signal: null });
  const entries = await Promise.all(
    CAMERAS.map(async (camera) => ({
      camera,
      footage: await footageOf(nightjar.volume, camera),
      sent: (await cameras.status(camera)).frames,
    })),
  );
  return {
    footage: Object.fromEntries(entries.map(({ camera, footage }) => [camera, footage])),
    sent: Object.fromEntries(entries.map(({ camera, sent }) => [camera, sent])),
    startedMs,
    stoppedMs,
  };
}

describe('a recording', () => {
  const withRecording = sharedStage((RECORD_SECONDS + 40) * 1000, record);

  for (const camera of CAMERAS) {
    withRecording(
      `of ${camera} consists of files that ffmpeg decodes without a complaint`,
      60_000,
      async ({ footage }) => {
        const files = footage[camera]!;
        expect(files.length).toBeGreaterThanOrEqual((RECORD_SECONDS * 1000) / SEGMENT_MS);
        expect(await complaintsAbout(files)).toEqual([]);
        expect(await probeTracks([files[0]!.file])).toEqual(TRACKS[camera]);
      },
    );

    withRecording(
      `of ${camera} is one run of files that touch, cut at the clock`,
      10_000,
      async ({ footage }) => {
        const files = footage[camera]!;
        expect(new Set(files.map(({ run }) => run)).size).toBe(1);
        expect(files.map(({ sequence }) => sequence)).toEqual(files.map((_, index) => index));
        for (const [index, { startMs, pictures }] of files.entries()) {
          expect(pictures[0]?.keyframe).toBe(true);
          const previous = files[index - 1];
          if (previous === undefined) continue;
          expect(Math.abs(startMs - previous.endMs)).toBeLessThanOrEqual(FRAME_MS);
          expect(startMs % SEGMENT_MS).toBeLessThanOrEqual(GOP_MS);
        }
      },
    );

    withRecording(
      `of ${camera} lasts as long as it was made`,
      10_000,
      async ({ footage, startedMs, stoppedMs, sent }) => {
        const files = footage[camera]!;
        const beganMs = files[0]!.startMs;
        expect(Math.abs(beganMs - startedMs)).toBeLessThanOrEqual(START_LIMIT_MS);
        const recordedMs = files.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
        expect(Math.abs(recordedMs - (stoppedMs - beganMs))).toBeLessThanOrEqual(
          ELAPSED_TOLERANCE_MS,
        );
        const pictures = files.reduce((sum, file) => sum + file.pictures.length, 0);
        expect(Math.abs(pictures - sent[camera]!) * FRAME_MS).toBeLessThanOrEqual(
          ELAPSED_TOLERANCE_MS,
        );
      },
    );
  }
});
