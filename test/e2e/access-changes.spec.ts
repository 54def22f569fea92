import { describe, expect } from '@jest/globals';
import { Cameras } from './support/cameras.js';
import { eventually } from './support/eventually.js';
import { cameraAt, Installation, LOGIN } from './support/installation.js';
import { runProgram } from './support/program.js';
import { makeClip, Publisher } from './support/publisher.js';
import { sharedStage, type Stage } from './support/stage.js';

const HOME = { username: 'home', password: LOGIN.password };
const ENCODER = { username: 'encoder', password: LOGIN.password };
const passwordFile = 'viewer-password';

interface Watched {
  readonly nightjar: Installation;
  readonly reconfigure: (changes: object) => Promise<void>;
}

async function start(stage: Stage): Promise<Watched> {
  const cameras = await Cameras.start(stage, { 'front-door': 'front-door' });
  const config = {
    rtsp: { host: '::' },
    users: {
      [HOME.username]: { passwordFile, allowFrom: ['::1'] },
      [ENCODER.username]: { passwordFile, role: 'publisher' },
    },
    cameras: {
      'front-door': cameraAt(cameras.url('front-door')),
      drone: { streams: { main: { source: 'publish' } } },
    },
  };
  const nightjar = await Installation.create(stage, config);
  await nightjar.startMedia();
  const reconfigure = async (changes: object): Promise<void> => {
    const applied = (): number => stage.log('media').split('configuration applied').length;
    const before = applied();
    await nightjar.reconfigure({ ...config, ...changes });
    await eventually(() => expect(applied()).toBeGreaterThan(before), { withinMs: 10_000 });
  };
  return { nightjar, reconfigure };
}

/** What ffmpeg complains of while it plays a little. */
async function played(url: string): Promise<string> {
  const args = ['-nostdin', '-v', 'error', '-rtsp_transport', 'tcp', '-i', url];
  return (await runProgram('ffmpeg', [...args, '-t', '0.2', '-f', 'null', '-'])).stderr;
}

/** The same machine under its other loopback address. */
const over6 = (url: string): string => url.replace('127.0.0.1', '[::1]');

describe('who may, and from where', () => {
  const withWatched = sharedStage(30_000, start);

  withWatched('a user comes from its own addresses only', 30_000, async ({ nightjar }) => {
    const url = nightjar.url('front-door', HOME);
    expect(await played(over6(url))).toBe('');
    expect(await played(url)).toContain('401 Unauthorized');
    expect(await played(nightjar.url('front-door'))).toBe('');
    const refusals = (await nightjar.metrics()).sum('nightjar_login_refusals_total', {
      reason: 'address',
    });
    expect(refusals).toBeGreaterThan(0);
  });

  withWatched(
    'nobody comes from an address that is not on the list of the installation',
    30_000,
    async ({ nightjar, reconfigure }) => {
      await reconfigure({ access: { allowFrom: ['::1'] } });
      const url = nightjar.url('front-door');
      expect(await played(url)).toContain('403 Forbidden');
      expect(await played(over6(url))).toBe('');
      await reconfigure({});
      expect(await played(url)).toBe('');
    },
  );

  withWatched(
    'a publisher ends with its right to publish',
    40_000,
    async ({ nightjar, reconfigure }, stage) => {
      const publishers = async (): Promise<number> =>
        (await nightjar.metrics()).sum('nightjar_rtsp_publishers');
      const url = nightjar.url('drone', ENCODER);
      const publisher = Publisher.ffmpeg(stage, await makeClip(stage), url, 'tcp');
      await eventually(async () => expect(await publishers()).toBe(1), { withinMs: 10_000 });
      await reconfigure({ users: { [ENCODER.username]: { passwordFile, role: 'viewer' } } });
      await eventually(async () => expect(await publishers()).toBe(0), { withinMs: 10_000 });
      await eventually(() => expect(publisher.complaints).not.toBe(''), { withinMs: 10_000 });
      const again = Publisher.ffmpeg(stage, await makeClip(stage), url, 'tcp');
      await eventually(() => expect(again.complaints).toContain('403 Forbidden'), {
        withinMs: 10_000,
      });
    },
  );
});
