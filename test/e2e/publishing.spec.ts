import { describe, expect } from '@jest/globals';
import { eventually } from './support/eventually.js';
import { decodedPictures, probeTracks } from './support/ffmpeg.js';
import { Installation } from './support/installation.js';
import { runProgram } from './support/program.js';
import { makeClip, Publisher } from './support/publisher.js';
import { RtspClient } from './support/rtsp-client.js';
import { sharedStage, type Stage } from './support/stage.js';

const TRACKS = ['audio aac', 'video h264 320x240'];
/** Who publishes where, and how the stream is read. */
const PUBLISHERS = [
  ['ffmpeg', 'tcp', 'drone', 'drone'],
  ['gstreamer', 'tcp', 'drone/sub', 'drone?stream=sub'],
  ['gstreamer', 'udp', 'kite', 'kite'],
  ['ffmpeg', 'udp', 'kite/sub', 'kite/sub'],
] as const;

interface Published {
  readonly nightjar: Installation;
  readonly clip: string;
}

/** Two processes, so that at least one publisher comes to a process that did not accept it. */
async function startServer(stage: Stage): Promise<Published> {
  const published = { main: { source: 'publish' }, sub: { source: 'publish' } };
  const nightjar = await Installation.create(stage, {
    media: { processes: 2 },
    users: { encoder: { passwordFile: 'viewer-password', role: 'admin' } },
    cameras: {
      drone: { streams: published, record: 'continuous' },
      kite: { streams: published, record: { stream: 'sub' } },
    },
  });
  const [clip] = await Promise.all([makeClip(stage), nightjar.startMedia()]);
  return { nightjar, clip };
}

const ENCODER = { username: 'encoder', password: 'watch-all-night' };

function reading(transport: string, url: string): string[] {
  return ['-rtsp_transport', transport, '-i', url];
}

/** What ffmpeg says while it decodes a second of sound. Raw samples have no times for it to find fault with. */
async function complaintsOfSound(url: string): Promise<string> {
  const output = ['-t', '1', '-map', '0:a', '-f', 's16le', '-y', '/dev/null'];
  const args = ['-nostdin', '-v', 'error', ...reading('tcp', url), ...output];
  return (await runProgram('ffmpeg', args)).stderr;
}

describe('publishing', () => {
  const withServer = sharedStage(30_000, startServer);

  withServer('works with ffmpeg and GStreamer, over TCP and UDP', 60_000, async (set, stage) => {
    const { nightjar, clip } = set;
    const original = new Set(await decodedPictures(['-i', clip]));
    await Promise.all(
      PUBLISHERS.map(async ([program, transport, mount, address]) => {
        const publisher = Publisher[program](stage, clip, nightjar.url(mount, ENCODER), transport);
        await eventually(
          async () => {
            const [camera = '', stream = 'main'] = mount.split('/');
            const metrics = await nightjar.metrics();
            expect(metrics.sum('nightjar_camera_up', { camera, stream })).toBe(1);
          },
          { withinMs: 15_000 },
        );
        const url = nightjar.url(address);
        expect((await probeTracks(reading('tcp', url))).toSorted()).toEqual(TRACKS);
        const pictures = await decodedPictures([...reading('udp', url), '-t', '1']);
        expect(pictures.length).toBeGreaterThan(20);
        expect(pictures.filter((picture) => !original.has(picture))).toEqual([]);
        expect(await complaintsOfSound(url)).toBe('');
        await publisher.stop();
        expect(publisher.complaints).toBe('');
      }),
    );
  });

  withServer('is recorded like a stream that is fetched', 20_000, async ({ nightjar }) => {
    const metrics = await nightjar.metrics();
    const recorded = (camera: string, stream: string): number =>
      metrics.sum('nightjar_recording_seconds_total', { camera, stream });
    expect(recorded('drone', 'main')).toBeGreaterThan(2);
    expect(recorded('kite', 'sub')).toBeGreaterThan(2);
    expect([recorded('drone', 'sub'), recorded('kite', 'main')]).toEqual([0, 0]);
    const archive = (address: string): string[] =>
      reading('tcp', nightjar.url(`playback/${address}`));
    for (const address of ['drone', 'kite/sub', 'kite?stream=sub'])
      expect((await probeTracks(archive(address))).toSorted()).toEqual(TRACKS);
  });

  withServer('ends with the publisher, also one that is killed', 30_000, async (set, stage) => {
    const { nightjar, clip } = set;
    const describe = async (): Promise<[number, string]> => {
      const client = await RtspClient.connect(nightjar.url('drone'));
      const { status, reason } = await client.ask('DESCRIBE', client.url);
      client.close();
      return [status, reason];
    };
    const publisher = Publisher.ffmpeg(stage, clip, nightjar.url('drone', ENCODER), 'tcp');
    await eventually(async () => expect((await describe())[0]).toBe(200), { withinMs: 10_000 });
    await publisher.kill();
    await eventually(
      async () => expect(await describe()).toEqual([503, 'Nobody publishes this stream now']),
      { withinMs: 5_000 },
    );
  });
});
