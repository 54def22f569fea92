import { describe, expect } from '@jest/globals';
import { Cameras } from './support/cameras.js';
import { eventually } from './support/eventually.js';
import { decodingErrors, probeTracks, rtspInput } from './support/ffmpeg.js';
import { cameraAt, Installation } from './support/installation.js';
import { runProgram } from './support/program.js';
import { RtspPlayer, type Transport } from './support/rtsp-player.js';
import { figure } from './support/scale.js';
import { scenario, sharedStage, type Stage } from './support/stage.js';

const READERS_PER_TRANSPORT = 10;
const FIRST_PICTURE_MS = 500;
/** `rtsp.closeAfter`, and the time in which the camera must be left. */
const CLOSE_AFTER_SECONDS = figure(10, 2);
const LEFT_WITHIN_MS = (CLOSE_AFTER_SECONDS + 2) * 1000;
const GSTREAMER_PICTURES = 50;
const TRANSPORTS: readonly Transport[] = ['tcp', 'udp'];

interface Relay {
  readonly cameras: Cameras;
  readonly nightjar: Installation;
}

async function startRelay(stage: Stage): Promise<Relay> {
  const footage = { 'front-door': 'front-door', gate: 'gate', busy: 'synthetic' };
  const cameras = await Cameras.start(stage, footage);
  const nightjar = await Installation.create(stage, {
    rtsp: { closeAfter: `${CLOSE_AFTER_SECONDS}s` },
    cameras: Object.fromEntries(
      Object.keys(footage).map((name) => [name, cameraAt(cameras.url(name))]),
    ),
  });
  await nightjar.startMedia();
  return { cameras, nightjar };
}

/** Ten players of each transport that play at the same time; how long each waited for its first picture. */
async function waitsForPicture(stage: Stage, url: string): Promise<number[]> {
  const transports = Array.from({ length: READERS_PER_TRANSPORT }, () => TRANSPORTS).flat();
  const players = await Promise.all(
    transports.map((transport) => RtspPlayer.open(stage, url, transport)),
  );
  const waits = await Promise.all(
    players.map(async (player) => {
      const askedMs = performance.now();
      await player.play();
      const keyframe = await eventually(
        () => {
          const { firstKeyframe } = player.video;
          if (firstKeyframe === undefined) throw new Error('no keyframe');
          return firstKeyframe;
        },
        { withinMs: 5_000, everyMs: 10 },
      );
      return keyframe.arrivedMs - askedMs;
    }),
  );
  expect(players.flatMap(({ video }) => video.units.filter(({ damaged }) => damaged))).toEqual([]);
  return waits;
}

describe('the relay', () => {
  const withRelay = sharedStage(20_000, startRelay);

  withRelay('takes a camera that refuses TCP over UDP', 20_000, async ({ cameras, nightjar }) => {
    await cameras.inject('gate', { transport: 'udp-only' });
    expect(await probeTracks([nightjar.url('gate')])).toEqual(['video hevc 640x360']);
    expect((await cameras.status('gate')).sessions).toBe(1);
    await cameras.heal('gate');
  });

  withRelay(
    'shows a stream to ffprobe and leaves the camera when nobody watches any more',
    40_000,
    async ({ cameras, nightjar }) => {
      expect((await cameras.status('front-door')).totalSessions).toBe(0);
      expect(await probeTracks([nightjar.url('front-door')])).toEqual([
        'video h264 640x360',
        'audio aac',
      ]);
      expect(await probeTracks([nightjar.url('gate/main')])).toEqual(['video hevc 640x360']);
      const { sessions, totalSessions } = await cameras.status('front-door');
      expect({ sessions, totalSessions }).toEqual({ sessions: 1, totalSessions: 1 });
      await eventually(async () => expect((await cameras.status('front-door')).sessions).toBe(0), {
        withinMs: LEFT_WITHIN_MS,
      });
    },
  );

  for (const camera of ['front-door', 'busy']) {
    withRelay(
      `gives 20 readers of ${camera} a picture within 500 ms each from one camera session`,
      30_000,
      async ({ cameras, nightjar }, stage) => {
        const before = (await cameras.status(camera)).totalSessions;
        const waits = await waitsForPicture(stage, nightjar.url(camera));
        expect(waits.filter((ms) => ms > FIRST_PICTURE_MS)).toEqual([]);
        const { sessions, totalSessions, maxSessions } = await cameras.status(camera);
        expect({ sessions, opened: totalSessions - before, maxSessions }).toEqual({
          sessions: 1,
          opened: 1,
          maxSessions: 1,
        });
        const metrics = await nightjar.metrics();
        expect(metrics.sum('nightjar_readers', { camera, transport: 'tcp' })).toBe(
          READERS_PER_TRANSPORT,
        );
        expect(metrics.sum('nightjar_readers', { camera, transport: 'udp' })).toBe(
          READERS_PER_TRANSPORT,
        );
      },
    );
  }

  for (const transport of TRANSPORTS) {
    withRelay(
      `is decoded by ffmpeg over ${transport} without a complaint`,
      30_000,
      async ({ nightjar }) => {
        const input = (mount: string): string[] => [
          ...rtspInput(transport, nightjar.url(mount)),
          '-t',
          '4',
        ];
        const complaints = await Promise.all(
          ['front-door', 'gate'].map((mount) => decodingErrors(input(mount))),
        );
        expect(complaints).toEqual(['', '']);
      },
    );

    withRelay(`is played by GStreamer over ${transport}`, 30_000, async ({ nightjar }) => {
      const source = [
        'rtspsrc',
        `location=${nightjar.url('front-door')}`,
        `protocols=${transport}`,
        'latency=0',
      ];
      const decoder = ['rtph264depay', '!', 'h264parse', '!', 'avdec_h264'];
      const sink = ['identity', `eos-after=${GSTREAMER_PICTURES + 1}`, '!', 'checksumsink'];
      // field: rtspsrc 1.22 now and then complains that its PAUSE at the end failed, which it never sent: the pictures count.
      const { stdout } = await runProgram('gst-launch-1.0', [
        '-q',
        ...source,
        '!',
        ...decoder,
        '!',
        ...sink,
      ]);
      expect(
        stdout.split('\n').filter((line) => /^\d+:\d\d:\d\d\.\d+ [0-9a-f]{40}$/.test(line)),
      ).toHaveLength(GSTREAMER_PICTURES);
    });
  }
});

describe('a reader that stops reading', () => {
  scenario(
    'is skipped, then cut and counted, and costs the others nothing',
    60_000,
    async (stage) => {
      const cameras = await Cameras.start(stage, { busy: 'synthetic' }, ['--bitrate', '40M']);
      const nightjar = await Installation.create(stage, {
        rtsp: { maxReaderQueueBytes: '256KiB' },
        cameras: { busy: cameraAt(cameras.url('busy')) },
      });
      await nightjar.startMedia();
      const good = await RtspPlayer.open(stage, nightjar.url('busy'));
      const stalled = await RtspPlayer.open(stage, nightjar.url('busy'));
      await good.play();
      await stalled.play();
      stalled.client.stopReading();
      await eventually(
        async () =>
          expect((await nightjar.metrics()).sum('nightjar_reader_skips_total')).toBeGreaterThan(0),
        {
          withinMs: 15_000,
        },
      );
      await eventually(
        async () =>
          expect(
            (await nightjar.metrics()).sum('nightjar_reader_cuts_total', { reason: 'slow' }),
          ).toBe(1),
        { withinMs: 20_000 },
      );
      expect({ closed: good.client.isClosed, lost: good.video.lost }).toEqual({
        closed: false,
        lost: 0,
      });
      expect(performance.now() - good.video.lastArrivalMs).toBeLessThan(1_000);
      expect(good.video.units.filter(({ damaged }) => damaged)).toEqual([]);
    },
  );
});
