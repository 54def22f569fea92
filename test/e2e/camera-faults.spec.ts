import { describe, expect } from '@jest/globals';
import type { FaultRequest } from '../../apps/camsim/src/faults.js';
import { Cameras } from './support/cameras.js';
import { eventually } from './support/eventually.js';
import { probeTracks } from './support/ffmpeg.js';
import { complaintsAbout, footageOf } from './support/footage.js';
import { Installation, recordedCameraAt } from './support/installation.js';
import { RtspPlayer } from './support/rtsp-player.js';
import { figure } from './support/scale.js';
import { sharedStage, type Stage } from './support/stage.js';

const CAMERA = 'front-door';
const SEGMENT_MS = 5_000;
const GOP_MS = 2_000;
/** Of the camera's return. */
const RESUME_LIMIT_MS = 5_000;
/** Longer than `inactivity` (5 s), so that the connection is given up. */
const STALL_SECONDS = figure(20, 7);
/** Cameras boot for half a minute and more. */
const REBOOT_SECONDS = figure(40, 8);
const JUMP_SECONDS = 3600;

interface Scene {
  readonly cameras: Cameras;
  readonly nightjar: Installation;
  readonly players: readonly RtspPlayer[];
}

async function setScene(stage: Stage): Promise<Scene> {
  const cameras = await Cameras.start(stage, { [CAMERA]: CAMERA });
  const nightjar = await Installation.create(stage, {
    recording: { segment: `${SEGMENT_MS / 1000}s` },
    cameras: { [CAMERA]: recordedCameraAt(cameras.url(CAMERA)) },
  });
  await nightjar.startMedia();
  const players = await Promise.all(
    (['tcp', 'udp'] as const).map((transport) =>
      RtspPlayer.open(stage, nightjar.url(CAMERA), transport),
    ),
  );
  for (const player of players) await player.play();
  await expectFilming({ cameras, nightjar, players }, Date.now(), 10_000);
  return { cameras, nightjar, players };
}

/** All players get a whole picture that can be decoded alone, in the stream they began with, and recording reaches `sinceMs`. */
async function expectFilming(
  { nightjar, players }: Scene,
  sinceMs: number,
  withinMs: number,
): Promise<void> {
  const begin = performance.now() - (Date.now() - sinceMs);
  await eventually(
    async () => {
      for (const { video, client } of players) {
        expect(client.isClosed).toBe(false);
        expect(
          video.units.some(
            ({ keyframe, damaged, arrivedMs }) => keyframe && !damaged && arrivedMs > begin,
          ),
        ).toBe(true);
      }
      expect(await nightjar.recordedUntilMs(CAMERA)).toBeGreaterThan(sinceMs);
    },
    { withinMs: withinMs - (Date.now() - sinceMs) },
  );
  for (const { video } of players)
    expect({ ssrcs: video.ssrcs.size, lost: video.lost }).toEqual({ ssrcs: 1, lost: 0 });
}

/** Waits until the camera is well again; when that was, in Unix epoch milliseconds. */
async function recovery(cameras: Cameras, seconds: number): Promise<number> {
  return await eventually(
    async () => {
      const { faults } = await cameras.status(CAMERA);
      expect(faults).toEqual({});
      return Date.now();
    },
    { withinMs: (seconds + 2) * 1000 },
  );
}

describe('readers and recording, when a camera', () => {
  const withScene = sharedStage(30_000, setScene);

  const outage = (name: string, faults: FaultRequest, seconds: number): void =>
    withScene(name, (seconds + 15) * 1000, async (scene) => {
      await scene.cameras.inject(CAMERA, faults);
      await expectFilming(scene, await recovery(scene.cameras, seconds), RESUME_LIMIT_MS);
    });

  outage(
    'stalls without closing, go on within 5 s of its return',
    { stall: STALL_SECONDS },
    STALL_SECONDS,
  );
  outage('reboots, go on within 5 s of its return', { reboot: REBOOT_SECONDS }, REBOOT_SECONDS);

  const change = (name: string, faults: FaultRequest): void =>
    withScene(name, 15_000, async (scene) => {
      await scene.cameras.inject(CAMERA, faults);
      await expectFilming(scene, Date.now() + GOP_MS, GOP_MS + RESUME_LIMIT_MS);
    });

  change('moves its clock forward, go on', { timestampJump: JUMP_SECONDS });
  change('moves its clock back, go on', { timestampJump: -JUMP_SECONDS });
  change('changes its resolution, go on', { resolution: 'other' });
  change('changes its resolution back, go on', { resolution: 'own' });

  withScene(
    'has done all of that, leave files that play and keep to the time',
    40_000,
    async ({ nightjar }, stage) => {
      await stage.stop('media');
      const footage = await footageOf(nightjar.volume, CAMERA);
      expect(await complaintsAbout(footage)).toEqual([]);
      const sizes = await Promise.all(
        footage.map(async ({ file }) => (await probeTracks([file]))[0]),
      );
      expect(new Set(sizes)).toEqual(new Set(['video h264 640x360', 'video h264 480x272']));
      for (const [index, { startMs, endMs }] of footage.entries()) {
        expect(endMs - startMs).toBeLessThanOrEqual(SEGMENT_MS + GOP_MS + 500);
        expect(startMs).toBeGreaterThanOrEqual((footage[index - 1]?.endMs ?? 0) - 40);
      }
    },
  );
});
