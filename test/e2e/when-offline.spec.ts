import { describe, expect } from '@jest/globals';
import { freePort } from '../support/free-port.js';
import { Cameras } from './support/cameras.js';
import { eventually } from './support/eventually.js';
import { probeTracks } from './support/ffmpeg.js';
import { cameraAt, Installation } from './support/installation.js';
import { runProgram } from './support/program.js';
import { nextLine, startPython } from './support/python.js';
import { sharedStage, type Stage } from './support/stage.js';

const WATCH_SECONDS = 13;
const AWAY_SECONDS = 5;
/** `after`, a second to notice, one to the next picture, one of a busy machine. */
const LONGEST_PAUSE_SECONDS = 4;
const NEVER_THERE = 'cellar';

interface Scene {
  readonly cameras: Cameras;
  readonly nightjar: Installation;
}

async function setScene(stage: Stage): Promise<Scene> {
  const footage = { porch: 'front-door', gate: 'gate', garden: 'garden', yard: 'workshop' };
  const cameras = await Cameras.start(stage, { ...footage, shed: 'garden', hut: 'garden' });
  const settings = { reconnect: { initial: '200ms', max: '500ms' } };
  const at = (name: string, whenOffline: object): object => ({
    ...settings,
    streams: { main: { url: cameras.url(name), whenOffline: { after: '1s', ...whenOffline } } },
  });
  const nightjar = await Installation.create(stage, {
    cameras: {
      porch: at('porch', { strategy: 'slate' }),
      gate: at('gate', { strategy: 'slate' }),
      garden: at('garden', { strategy: 'fallback', fallback: 'yard/main' }),
      shed: at('shed', { strategy: 'disconnect' }),
      hut: at('hut', { strategy: 'hold' }),
      yard: cameraAt(cameras.url('yard')),
      [NEVER_THERE]: {
        ...settings,
        streams: {
          main: {
            url: `rtsp://127.0.0.1:${await freePort()}/gone`,
            whenOffline: { strategy: 'slate', after: '0s' },
          },
        },
      },
    },
  });
  await nightjar.startMedia();
  return { cameras, nightjar };
}

interface Watched {
  readonly complaints: string;
  /** When each picture is shown, in seconds from the first. */
  readonly times: readonly number[];
}

/** What ffmpeg decodes of a live stream, and when it would show it. */
async function watch(url: string, seconds: number): Promise<Watched> {
  const output = ['-map', '0:v:0', '-fps_mode', 'passthrough', '-f', 'framemd5', '-'];
  const { stdout, stderr } = await runProgram('ffmpeg', [
    '-nostdin',
    '-v',
    'error',
    '-rtsp_transport',
    'tcp',
    '-i',
    url,
    '-t',
    String(seconds),
    ...output,
  ]);
  const lines = stdout.split('\n');
  const [, num = '1', den = '1'] = /^#tb 0: (\d+)\/(\d+)$/m.exec(stdout) ?? [];
  const shown = lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => (Number(line.split(',')[2]) * Number(num)) / Number(den));
  return { complaints: stderr, times: shown.map((time) => time - shown[0]!) };
}

const longestPause = ({ times }: Watched): number =>
  Math.max(...times.slice(1).map((time, at) => time - times[at]!));

describe('while a camera is away', () => {
  const withScene = sharedStage(30_000, setScene);

  withScene(
    'ffmpeg goes on with the last picture or another stream, or is sent away, as configured',
    60_000,
    async ({ cameras, nightjar }, stage) => {
      const names = ['porch', 'gate', 'garden', 'shed'];
      const watching = Promise.all(names.map((name) => watch(nightjar.url(name), WATCH_SECONDS)));
      await eventually(
        async () => {
          const metrics = await nightjar.metrics();
          for (const camera of names) expect(metrics.sum('nightjar_readers', { camera })).toBe(1);
        },
        { withinMs: 15_000 },
      );
      const waiting = startPython(stage, 'sdes-note.py', [nightjar.url('hut')]);
      const noted = nextLine(waiting, 30_000);
      await eventually(
        async () => {
          const readers = (await nightjar.metrics()).sum('nightjar_readers', { camera: 'hut' });
          expect(readers).toBe(1);
        },
        { withinMs: 10_000 },
      );
      const reboot = (name: string): Promise<void> =>
        cameras.inject(name, { reboot: AWAY_SECONDS });
      await Promise.all([...names, 'hut'].map(reboot));
      await eventually(
        async () => {
          const metrics = await nightjar.metrics();
          const kinds = names.map((camera) =>
            ['slate', 'fallback'].filter(
              (kind) => metrics.sum('nightjar_stand_in', { camera, kind }) === 1,
            ),
          );
          expect(kinds).toEqual([['slate'], ['slate'], ['fallback'], []]);
        },
        { withinMs: AWAY_SECONDS * 1000, everyMs: 50 },
      );
      // Who stays with a camera that is away is told so by RTCP.
      expect(await noted).toMatch(/^The camera is away \(\w+\)$/);
      const [porch, gate, garden, shed] = await watching;
      for (const watched of [porch!, gate!, garden!]) {
        expect(watched.complaints).toBe('');
        expect(watched.times.at(-1)).toBeGreaterThan(WATCH_SECONDS - 2);
        expect(longestPause(watched)).toBeLessThan(LONGEST_PAUSE_SECONDS);
      }
      expect(shed!.times.at(-1)).toBeLessThan(WATCH_SECONDS - 2);
      const metrics = await nightjar.metrics();
      const cut = { camera: 'shed', reason: 'camera-offline' };
      expect(metrics.sum('nightjar_reader_cuts_total', cut)).toBe(1);
      for (const camera of ['porch', 'gate', 'garden'])
        expect(metrics.sum('nightjar_stand_in', { camera })).toBe(0);
    },
  );

  withScene(
    'players of one that was never there see colour bars, in ffmpeg and GStreamer',
    30_000,
    async ({ nightjar }) => {
      const url = nightjar.url(NEVER_THERE);
      expect(await probeTracks(['-rtsp_transport', 'tcp', url])).toEqual(['video h264 640x360']);
      const { complaints, times } = await watch(url, 3);
      expect([complaints, times.length > 1]).toEqual(['', true]);
      const pipeline = `rtspsrc location=${url} protocols=tcp latency=0 ! rtph264depay ! h264parse ! avdec_h264 ! identity eos-after=3 ! checksumsink`;
      const { stdout } = await runProgram('gst-launch-1.0', ['-q', ...pipeline.split(' ')]);
      const hashes = stdout.split('\n').flatMap((line) => /[0-9a-f]{40}$/.exec(line)?.[0] ?? []);
      expect([hashes.length >= 2, new Set(hashes).size]).toEqual([true, 1]);
    },
  );
});
