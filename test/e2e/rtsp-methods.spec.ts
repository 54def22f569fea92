import { describe, expect } from '@jest/globals';
import { Cameras } from './support/cameras.js';
import { CurlRtsp, type CurlConnection } from './support/curl-rtsp.js';
import { eventually } from './support/eventually.js';
import { footageOf } from './support/footage.js';
import { Installation, LOGIN, recordedCameraAt } from './support/installation.js';
import type { NodeProcess } from './support/node-process.js';
import { runProgram } from './support/program.js';
import { sharedStage, type Stage } from './support/stage.js';

const CAMERA = 'front-door';
const RECORDED_SECONDS = 5;
const SERVED_SECONDS = 4;
const PICTURES_PER_SECOND = 25;
/** Told to players; with its grace of ten seconds, and looked for every five, a session lasts 20 s at most without a sign. */
const TIMEOUT_SECONDS = 5;
const LASTS_SECONDS = 20;
const CHECKSUM = /[0-9a-f]{40}$/;
const OTHER = { username: 'other', password: LOGIN.password };

interface Served {
  readonly nightjar: Installation;
  readonly media: NodeProcess;
  /** URL of seconds that are recorded. */
  readonly recording: string;
  readonly curl: CurlRtsp;
}

async function startServing(stage: Stage): Promise<Served> {
  const cameras = await Cameras.start(stage, { [CAMERA]: CAMERA });
  const nightjar = await Installation.create(stage, {
    rtsp: { sessionTimeout: `${TIMEOUT_SECONDS}s` },
    recording: { segment: '3s' },
    users: { [OTHER.username]: { passwordFile: 'viewer-password' } },
    cameras: { [CAMERA]: recordedCameraAt(cameras.url(CAMERA)) },
  });
  const media = await nightjar.startMedia();
  await eventually(
    async () =>
      expect(await nightjar.recordedSeconds(CAMERA)).toBeGreaterThanOrEqual(RECORDED_SECONDS),
    { withinMs: 20_000, everyMs: 250 },
  );
  const [first] = await footageOf(nightjar.volume, CAMERA);
  const startMs = first!.pictures[0]!.wallMs;
  const at = (ms: number): string => new Date(Math.round(ms)).toISOString();
  const range = `start=${at(startMs)}&end=${at(startMs + SERVED_SECONDS * 1000)}`;
  const recording = nightjar.url(`playback/${CAMERA}?${range}`);
  return { nightjar, media, recording, curl: CurlRtsp.start(stage) };
}

async function stateOf(client: CurlConnection, session: string): Promise<string> {
  const { body } = await client.ask('GET_PARAMETER', { session, body: 'state\r\n' });
  return body.replace('state:', '').trim();
}

/** Whether it is so many pictures, or those at the ends of two ranges more or less. */
function about(pictures: number, seen: number): boolean {
  return Math.abs(seen - pictures) <= 2;
}

describe('libcurl', () => {
  const withServed = sharedStage(40_000, startServing);

  withServed('tears one track down, and the other plays on', 20_000, async (served) => {
    const { curl, nightjar } = served;
    const client = await curl.connect(nightjar.url(CAMERA));
    const { session, ports } = await client.setUp(2);
    expect((await client.ask('PLAY', { session })).status).toBe(200);
    const packets = async (): Promise<number[]> =>
      await Promise.all(ports.map(async (port) => (await curl.heard(port)).packets));
    const seen = [0, 0];
    await eventually(
      async () => {
        for (const [at, more] of (await packets()).entries()) seen[at]! += more;
        expect(Math.min(...seen)).toBeGreaterThan(0);
      },
      { withinMs: 5_000 },
    );
    expect((await client.ask('TEARDOWN', { session }, 1)).headers['session']).toBe(session);
    await packets();
    let more = 0;
    await eventually(
      async () => {
        const [video, sound] = await packets();
        expect(sound).toBe(0);
        more += video!;
        expect(more).toBeGreaterThan(PICTURES_PER_SECOND / 2);
      },
      { withinMs: 5_000 },
    );
    expect((await client.ask('TEARDOWN', { session }, 0)).status).toBe(200);
    expect((await client.ask('PLAY', { session })).status).toBe(454);
    await client.close();
  });

  withServed(
    'has one PLAY wait behind another or take its place, and is ready at the end',
    20_000,
    async ({ curl, recording }) => {
      const client = await curl.connect(recording);
      const { session, ports } = await client.setUp(1);
      const play = async (range: string, more: object = {}): Promise<number> =>
        (await client.ask('PLAY', { session, headers: { Range: range, ...more } })).status;
      const heard = { marked: 0, goodbyes: 0, unbroken: true };
      const untilGoodbye = async (): Promise<typeof heard> => {
        Object.assign(heard, { marked: 0, goodbyes: 0 });
        await eventually(
          async () => {
            const { marked, goodbyes, unbroken } = await curl.heard(ports[0]!);
            heard.marked += marked;
            heard.goodbyes += goodbyes;
            heard.unbroken &&= unbroken;
            expect(heard.goodbyes).toBe(1);
          },
          { withinMs: 8_000, everyMs: 50 },
        );
        return { ...heard };
      };

      expect(await play('npt=0-1')).toBe(200);
      expect(await play('npt=2-3')).toBe(200);
      expect(await stateOf(client, session)).toBe('playing');
      expect(await play('npt=90-91')).toBe(457);
      const { marked, unbroken } = await untilGoodbye();
      expect([about(2 * PICTURES_PER_SECOND, marked), unbroken]).toEqual([true, true]);
      await eventually(async () => expect(await stateOf(client, session)).toBe('ready'), {
        withinMs: 2_000,
        everyMs: 50,
      });

      // From the keyframe before it to the end.
      expect(await play('npt=0-4')).toBe(200);
      expect(await play('npt=3-4', { Immediate: 'yes' })).toBe(200);
      const second = await untilGoodbye();
      expect(second.marked).toBeGreaterThanOrEqual(PICTURES_PER_SECOND);
      expect(second.marked).toBeLessThan(3 * PICTURES_PER_SECOND);
      await client.close();
    },
  );

  withServed('pauses at a point, and plays on behind it', 20_000, async ({ curl, recording }) => {
    const client = await curl.connect(recording);
    const { session, ports } = await client.setUp(1);
    await client.ask('PLAY', { session });
    const pause = (range: string): ReturnType<typeof client.ask> =>
      client.ask('PAUSE', { session, headers: { Range: range } });
    expect((await pause('npt=90')).status).toBe(457);
    expect((await pause('npt=1.0')).headers['range']).toMatch(/^npt=1\.000-/);
    await eventually(async () => expect(await stateOf(client, session)).toBe('ready'), {
      withinMs: 5_000,
      everyMs: 50,
    });
    const { marked } = await curl.heard(ports[0]!);
    expect(about(PICTURES_PER_SECOND, marked)).toBe(true);
    const on = await client.ask('PLAY', { session });
    expect([on.status, on.headers['range']]).toEqual([
      200,
      expect.stringMatching(/^npt=(0\.9|1\.0)\d*-/),
    ]);
    await client.close();
  });

  withServed('is told which options and parameters there are not', 20_000, async (served) => {
    const { curl, recording } = served;
    const client = await curl.connect(recording);
    for (const header of ['Require', 'Proxy-Require']) {
      const { status, headers } = await client.ask('DESCRIBE', { headers: { [header]: 'x-new' } });
      expect([status, headers['unsupported']]).toEqual([551, 'x-new']);
    }
    const { session } = await client.setUp(1);
    const read = async (body: string): Promise<[number, string]> => {
      const answer = await client.ask('GET_PARAMETER', { session, body });
      return [answer.status, answer.body];
    };
    const set = async (body: string): Promise<number> =>
      (await client.ask('SET_PARAMETER', { session, body })).status;
    const known = `timeout: ${TIMEOUT_SECONDS}\r\nstate: ready\r\n`;
    expect(await read('timeout\r\nstate\r\n')).toEqual([200, known]);
    expect(await read('hue\r\n')).toEqual([451, 'hue\r\n']);
    expect([await set('hue: 1\r\n'), await set('timeout: 5\r\n')]).toEqual([451, 458]);
    await client.close();
  });

  withServed(
    'keeps a session over UDP beyond its connection, and another user has none of it',
    20_000,
    async ({ curl, nightjar }) => {
      const url = nightjar.url(CAMERA);
      const owner = await curl.connect(url);
      const { session, ports } = await owner.setUp(1);
      await owner.ask('PLAY', { session });
      const other = await curl.connect(nightjar.url(CAMERA, OTHER));
      const hijack = { session, transport: 'RTP/AVP;unicast;client_port=9000-9001' };
      for (const method of ['PLAY', 'PAUSE', 'SETUP', 'TEARDOWN'] as const)
        expect([method, (await other.ask(method, hijack, 0)).status]).toEqual([method, 454]);
      await owner.close();
      const again = await curl.connect(url);
      await curl.heard(ports[0]!);
      await eventually(
        async () => expect((await curl.heard(ports[0]!)).packets).toBeGreaterThan(0),
        { withinMs: 5_000 },
      );
      expect((await other.ask('PAUSE', { session })).status).toBe(454);
      expect((await again.ask('PAUSE', { session })).status).toBe(200);
      expect((await again.ask('TEARDOWN', { session })).status).toBe(200);
      await again.close();
      await other.close();
    },
  );

  withServed('is told that its request is too long', 20_000, async ({ curl, recording }) => {
    const client = await curl.connect(recording);
    const { session } = await client.setUp(1);
    const long = 'x'.repeat(9_000);
    const asked = async (wish: object): Promise<number> => {
      const one = await curl.connect(recording);
      const { status } = await one.ask('OPTIONS', wish);
      await one.close();
      return status;
    };
    expect([
      await asked({ headers: { 'X-Long': long } }),
      await asked({ url: `${client.url}${long}` }),
    ]).toEqual([400, 414]);
    expect((await client.ask('PLAY', { session })).status).toBe(200);
    await client.close();
  });

  withServed(
    'loses a session over UDP without a sign of life, while reports alone keep that of GStreamer',
    60_000,
    async ({ curl, nightjar }) => {
      const client = await curl.connect(nightjar.url(CAMERA));
      const { session, ports } = await client.setUp(1);
      expect((await client.ask('PLAY', { session })).status).toBe(200);
      // The first pictures come at once, from the keyframe before.
      const pictures = (LASTS_SECONDS + 4) * PICTURES_PER_SECOND;
      const pipeline = [
        `rtspsrc location=${nightjar.url(CAMERA)} protocols=udp do-rtsp-keep-alive=false`,
        '! application/x-rtp,media=video ! rtph264depay ! h264parse',
        `! identity eos-after=${pictures + 1} ! checksumsink sync=false`,
      ];
      const args = ['-q', ...pipeline.join(' ').split(' ')];
      const { stdout } = await runProgram('gst-launch-1.0', args, { limitMs: 50_000 });
      expect(stdout.split('\n').filter((line) => CHECKSUM.test(line))).toHaveLength(pictures);
      expect((await curl.heard(ports[0]!)).goodbyes).toBe(1);
      expect((await client.ask('GET_PARAMETER', { session })).status).toBe(454);
      await client.close();
    },
  );

  withServed('hears a goodbye when the server stops', 20_000, async (served) => {
    const { curl, media, nightjar } = served;
    const client = await curl.connect(nightjar.url(CAMERA));
    const { session, ports } = await client.setUp(2);
    await client.ask('PLAY', { session });
    for (const port of ports)
      await eventually(async () => expect((await curl.heard(port)).packets).toBeGreaterThan(0), {
        withinMs: 5_000,
        everyMs: 50,
      });
    await media.stop();
    const heard = await Promise.all(ports.map((port) => curl.heard(port)));
    expect(heard.map(({ goodbyes }) => goodbyes)).toEqual([1, 1]);
  });
});
