import { describe, expect } from '@jest/globals';
import { eventually, within } from './support/eventually.js';
import { decodedPictures, framesOfSound, probeTracks, rtspInput } from './support/ffmpeg.js';
import { Installation } from './support/installation.js';
import { runProgram } from './support/program.js';
import { makeClip, Publisher } from './support/publisher.js';
import { nextLine, startPython } from './support/python.js';
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
/** The same inside something else. */
const WRAPPED = [
  ['ffmpeg', 'rtsps', 'tcp', 'plane'],
  ['gstreamer', 'rtsps', 'tcp', 'plane/sub'],
  ['gstreamer', 'rtsps', 'udp', 'glider'],
  ['gstreamer', 'rtsph', 'http', 'balloon'],
  ['gstreamer', 'rtspsh', 'http', 'balloon/sub'],
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
    rtsp: { tls: { selfSigned: true } },
    users: { encoder: { passwordFile: 'viewer-password', role: 'admin' } },
    cameras: {
      drone: { streams: published, record: 'continuous' },
      kite: { streams: published, record: { stream: 'main' } },
      plane: { streams: published, record: { stream: 'sub' } },
      balloon: { streams: published },
      glider: { streams: published },
      baton: {
        streams: {
          main: { source: 'publish', secondPublisher: 'replace' },
          sub: { source: 'publish' },
        },
      },
    },
  });
  const [clip] = await Promise.all([makeClip(stage), nightjar.startMedia()]);
  return { nightjar, clip };
}

const ENCODER = { username: 'encoder', password: 'watch-all-night' };

/** What ffmpeg says while it decodes a second of sound. Raw samples have no times for it to find fault with. */
async function complaintsOfSound(url: string): Promise<string> {
  const output = ['-t', '1', '-map', '0:a', '-f', 's16le', '-y', '/dev/null'];
  const args = ['-nostdin', '-v', 'error', ...rtspInput('tcp', url), ...output];
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
        expect((await probeTracks(rtspInput('tcp', url))).toSorted()).toEqual(TRACKS);
        const pictures = await decodedPictures([...rtspInput('udp', url), '-t', '1']);
        expect(pictures.length).toBeGreaterThan(20);
        expect(pictures.filter((picture) => !original.has(picture))).toEqual([]);
        expect(await complaintsOfSound(url)).toBe('');
        await publisher.stop();
        expect(publisher.complaints).toBe('');
      }),
    );
  });

  withServer('works inside TLS, HTTP and WebSockets, and by SRTP', 60_000, async (set, stage) => {
    const { nightjar, clip } = set;
    const inside = async (publisher: Publisher, mount: string): Promise<void> => {
      const url = nightjar.url(mount);
      await eventually(
        async () => expect((await probeTracks(rtspInput('tcp', url))).toSorted()).toEqual(TRACKS),
        { withinMs: 15_000 },
      );
      expect(await complaintsOfSound(url)).toBe('');
      expect(publisher.complaints).toBe('');
      // GStreamer trips over the end of its own tunnel now and then.
      await publisher.kill();
    };
    await Promise.all(
      WRAPPED.map(([program, scheme, transport, mount]) => {
        const url = nightjar.url(mount, ENCODER).replace(/^rtsp:/, `${scheme}:`);
        const publisher =
          program === 'ffmpeg'
            ? Publisher.ffmpeg(stage, clip, url, transport, '-rtpflags', 'latm')
            : Publisher.gstreamer(stage, clip, url, transport);
        return inside(publisher, mount);
      }),
    );
    const { port } = new URL(nightjar.url(''));
    const address = `ws://127.0.0.1:${port}/baton/sub`;
    const wrapped = await nextLine(startPython(stage, 'carriage-peers.py', ['wrap', address]));
    const url = nightjar.url('baton/sub', ENCODER).replace(`:${port}/`, `:${wrapped}/`);
    await inside(Publisher.ffmpeg(stage, clip, url, 'tcp'), 'baton/sub');
  });

  withServer('is recorded like a stream that is fetched', 20_000, async ({ nightjar, clip }) => {
    const metrics = await nightjar.metrics();
    const recorded = (camera: string, stream: string): number =>
      metrics.sum('nightjar_recording_seconds_total', { camera, stream });
    expect(recorded('drone', 'main')).toBeGreaterThan(2);
    expect([recorded('drone', 'sub'), recorded('kite', 'sub')]).toEqual([0, 0]);
    const archive = (address: string): string[] =>
      rtspInput('tcp', nightjar.url(`playback/${address}`));
    for (const address of ['drone', 'kite', 'plane/sub', 'plane?stream=sub'])
      expect((await probeTracks(archive(address))).toSorted()).toEqual(TRACKS);
    // Sound that came as LATM is the very sound of the clip.
    const original = new Set(await framesOfSound(['-i', clip]));
    const frames = await framesOfSound(archive('kite'));
    expect(frames.length).toBeGreaterThan(80);
    expect(frames.filter((frame) => !original.has(frame))).toEqual([]);
  });

  withServer('goes from ffmpeg to GStreamer where that is wanted', 30_000, async (set, stage) => {
    const { nightjar, clip } = set;
    const url = nightjar.url('baton', ENCODER);
    const count = async (result: string, stream = 'main'): Promise<number> => {
      const labels = { camera: 'baton', stream, result };
      return (await nightjar.metrics()).sum('nightjar_publishers_total', labels);
    };
    const first = Publisher.ffmpeg(stage, clip, url, 'tcp');
    await eventually(async () => expect(await count('accepted')).toBe(1), { withinMs: 10_000 });
    const second = Publisher.gstreamer(stage, clip, url, 'tcp');
    await within(15_000, 'the first publisher ending', first.ended);
    expect(await count('replaced')).toBe(1);
    // Who came before is sent away: the other one's sound is carried in another way.
    const reader = decodedPictures([...rtspInput('tcp', nightjar.url('baton')), '-t', '4']);
    expect((await reader).length).toBeGreaterThan(50);
    await second.stop();
    expect(second.complaints).toBe('');
  });

  withServer('is refused to a second publisher, which ffmpeg tells', 30_000, async (set, stage) => {
    const { nightjar, clip } = set;
    const mount = 'drone/sub';
    const first = Publisher.ffmpeg(stage, clip, nightjar.url(mount, ENCODER), 'tcp');
    await eventually(
      async () => {
        const labels = { camera: 'drone', stream: 'sub' };
        expect((await nightjar.metrics()).sum('nightjar_publishing', labels)).toBe(1);
      },
      { withinMs: 10_000 },
    );
    const second = Publisher.ffmpeg(stage, clip, nightjar.url(mount, ENCODER), 'tcp');
    await within(15_000, 'the second publisher ending', second.ended);
    expect(second.complaints).toMatch(/403|Forbidden|Somebody else publishes/);
    const labels = { camera: 'drone', stream: 'sub', result: 'refused' };
    expect((await nightjar.metrics()).sum('nightjar_publishers_total', labels)).toBe(1);
    await first.stop();
    expect(first.complaints).toBe('');
  });

  withServer('is reported to GStreamer as it came', 30_000, async ({ nightjar }, stage) => {
    const child = startPython(stage, 'reported-publisher.py', [nightjar.url('balloon', ENCODER)]);
    expect(await nextLine(child, 20_000)).toBe('reported 0');
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
