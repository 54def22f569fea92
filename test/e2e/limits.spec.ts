import { describe, expect } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Cameras } from './support/cameras.js';
import { eventually } from './support/eventually.js';
import { cameraAt, Installation, LOGIN } from './support/installation.js';
import { runProgram } from './support/program.js';
import { makeClip, Publisher } from './support/publisher.js';
import { RtspClient } from './support/rtsp-client.js';
import { RtspPlayer } from './support/rtsp-player.js';
import { sharedStage, type Stage } from './support/stage.js';

const WATCHED = 'front-door';
const ENCODER = { username: 'encoder', password: LOGIN.password };
/** Linux answers on all of 127.0.0.0/8, so that one machine can be many clients. */
const ELSEWHERE = '127.0.0.77';

interface Limited {
  readonly nightjar: Installation;
  /** Plays from beginning to end of these tests. */
  readonly bystander: RtspPlayer;
  /** Puts limits in force, without a restart. */
  readonly limit: (limits: object) => Promise<void>;
}

async function startLimited(stage: Stage): Promise<Limited> {
  const cameras = await Cameras.start(stage, { [WATCHED]: 'synthetic', garden: 'garden' });
  const config = {
    rtsp: { startTimeout: '1s' },
    users: { [ENCODER.username]: { passwordFile: 'viewer-password', role: 'admin' } },
    cameras: {
      [WATCHED]: cameraAt(cameras.url(WATCHED)),
      garden: cameraAt(cameras.url('garden')),
      drone: { streams: { main: { source: 'publish' }, sub: { source: 'publish' } } },
    },
  };
  const nightjar = await Installation.create(stage, config);
  await nightjar.startMedia();
  const bystander = await RtspPlayer.open(stage, nightjar.url(WATCHED));
  await bystander.play();
  return {
    nightjar,
    bystander,
    limit: async (limits) => {
      const applied = (): number => stage.log('media').split('configuration applied').length;
      const before = applied();
      await nightjar.reconfigure({ ...config, limits });
      await eventually(() => expect(applied()).toBeGreaterThan(before), { withinMs: 10_000 });
    },
  };
}

async function ffmpeg(url: string): Promise<string> {
  const args = ['-nostdin', '-v', 'error', '-rtsp_transport', 'tcp', '-i', url];
  return (await runProgram('ffmpeg', [...args, '-t', '0.2', '-f', 'null', '-'])).stderr;
}

async function gstreamer(url: string): Promise<string> {
  const pipeline = `rtspsrc location=${url} protocols=tcp ! fakesink num-buffers=5`;
  const { stdout, stderr } = await runProgram('gst-launch-1.0', pipeline.split(' '));
  return stdout + stderr;
}

async function refusals(nightjar: Installation, limit: string): Promise<number> {
  return (await nightjar.metrics()).sum('nightjar_limit_refusals_total', { limit });
}

async function expectUndisturbed({ bystander }: Limited): Promise<void> {
  const before = bystander.video.packets;
  await eventually(() => expect(bystander.video.packets).toBeGreaterThan(before), {
    withinMs: 5_000,
  });
  expect({ closed: bystander.client.isClosed, lost: bystander.video.lost }).toEqual({
    closed: false,
    lost: 0,
  });
}

describe('a limit', () => {
  const withLimited = sharedStage(30_000, startLimited);

  const refuses = (
    what: string,
    limits: object,
    limit: string,
    answer: string,
    ask = (nightjar: Installation) => ffmpeg(nightjar.url(WATCHED)),
  ): void =>
    withLimited(`of ${what} is told to players, and disturbs none`, 30_000, async (limited) => {
      const { nightjar } = limited;
      await limited.limit(limits);
      await eventually(async () => expect(await ask(nightjar)).toContain(answer), {
        withinMs: 20_000,
      });
      expect(await refusals(nightjar, limit)).toBeGreaterThan(0);
      await expectUndisturbed(limited);
      await limited.limit({});
      await eventually(async () => expect(await ffmpeg(nightjar.url(WATCHED))).toBe(''), {
        withinMs: 10_000,
      });
    });

  refuses('readers per stream', { readersPerStream: 1 }, 'readers', '503 Too Many Readers');
  refuses(
    'readers per stream, as GStreamer sees it,',
    { readersPerStream: 1 },
    'readers',
    'Too Many Readers',
    (nightjar) => gstreamer(nightjar.url(WATCHED)),
  );
  refuses('bandwidth per stream', { streamBandwidth: '16KiB' }, 'stream-bandwidth', '453');
  refuses('bandwidth per player', { readerBandwidth: '16KiB' }, 'reader-bandwidth', '453');
  refuses('connections', { connections: 1 }, 'connections', '503 Service Unavailable');
  refuses('memory', { memory: '64MiB' }, 'memory', '503 Out Of Memory');
  refuses('the processor', { cpu: 0.0001 }, 'cpu', '503 Too Busy');
  refuses('requests', { requestsPerSecond: 1 }, 'requests', '503 Too Many Requests');
  refuses(
    'connections to cameras',
    { cameraConnections: 1 },
    'camera-connections',
    '503',
    (nightjar) => ffmpeg(nightjar.url('garden')),
  );

  withLimited(
    'of connections per address leaves others their own',
    30_000,
    async (limited, stage) => {
      const { nightjar } = limited;
      await limited.limit({ connectionsPerAddress: 1 });
      const url = nightjar.url(WATCHED);
      await eventually(async () => expect(await ffmpeg(url)).toContain('503 Service Unavailable'), {
        withinMs: 10_000,
      });
      const other = await RtspClient.connect(url, ELSEWHERE);
      stage.defer(() => Promise.resolve(other.close()));
      expect((await other.ask('DESCRIBE', other.url)).status).toBe(200);
      expect(await refusals(nightjar, 'connections-per-address')).toBeGreaterThan(0);
      await expectUndisturbed(limited);
      other.close();
    },
  );

  withLimited(
    'of requests per address is one for all its connections',
    30_000,
    async (limited, stage) => {
      const { nightjar } = limited;
      await limited.limit({ requestsPerSecondPerAddress: 5 });
      const answers = await eventually(
        async () => {
          const clients = await Promise.all(
            Array.from({ length: 4 }, () => RtspClient.connect(nightjar.url(WATCHED), ELSEWHERE)),
          );
          stage.defer(() => Promise.resolve(clients.forEach((client) => client.close())));
          const asked = await Promise.all(
            clients.flatMap((client) =>
              Array.from({ length: 5 }, () => client.ask('OPTIONS', client.url)),
            ),
          );
          expect(asked.filter(({ status }) => status === 503).length).toBeGreaterThanOrEqual(5);
          return asked;
        },
        { withinMs: 10_000 },
      );
      const refused = answers.find(({ status }) => status === 503)!;
      expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0);
      expect(await refusals(nightjar, 'requests-per-address')).toBeGreaterThanOrEqual(5);
      expect(await ffmpeg(nightjar.url(WATCHED))).toBe('');
      await expectUndisturbed(limited);
    },
  );

  withLimited('of silence closes who asks nothing', 30_000, async (limited) => {
    const { nightjar } = limited;
    await limited.limit({ silentTimeout: '1s', silentConnections: 2 });
    const { hostname, port } = new URL(nightjar.url(WATCHED));
    const openSilent = async (): Promise<{ readonly closed: Promise<unknown> }> => {
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      return { closed: once(socket.resume(), 'close') };
    };
    const silent = [await openSilent(), await openSilent(), await openSilent()];
    await silent[0]!.closed;
    await Promise.all(silent.map(({ closed }) => closed));
    expect(await refusals(nightjar, 'silent-connections')).toBe(1);
    expect(await refusals(nightjar, 'silent-time')).toBe(2);
    expect(await ffmpeg(nightjar.url(WATCHED))).toBe('');
    await expectUndisturbed(limited);
  });

  withLimited('of publishers refuses the second', 40_000, async (limited, stage) => {
    const { nightjar } = limited;
    await limited.limit({ publishers: 1 });
    const clip = await makeClip(stage);
    Publisher.ffmpeg(stage, clip, nightjar.url('drone', ENCODER), 'tcp');
    await eventually(
      async () => expect((await nightjar.metrics()).sum('nightjar_rtsp_publishers')).toBe(1),
      { withinMs: 10_000 },
    );
    const second = Publisher.ffmpeg(stage, clip, nightjar.url('drone/sub', ENCODER), 'tcp');
    await eventually(() => expect(second.complaints).toContain('503 Too Many Publishers'), {
      withinMs: 10_000,
    });
    expect(await refusals(nightjar, 'publishers')).toBeGreaterThan(0);
    await expectUndisturbed(limited);
  });

  withLimited('has a gauge for what it is about', 10_000, async ({ nightjar }) => {
    const metrics = await nightjar.metrics();
    expect(metrics.sum('nightjar_camera_connections')).toBeGreaterThanOrEqual(1);
    expect(metrics.sum('nightjar_rtsp_connections')).toBeGreaterThanOrEqual(1);
  });
});
