import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { parseConfig } from '@nightjar/config';
import { encodeRtp } from '@nightjar/rtp';
import { createRtspSource } from './rtsp-source.js';
import type { Source } from './source.js';
import { DEFAULT_QUIRKS, type SourceQuirks } from './source-quirks.js';
import { StartGate } from './start-gate.js';
import { Camera, NotingSink } from './testing/camera.js';

const VIDEO = 'm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:t0\r\n';
/** v4l2rtspserver: samples as the machine has them; and G.726 in the order that its name does not say. */
const SOUND = [
  'm=audio 0 RTP/AVP 97\r\na=rtpmap:97 L16/16000/1\r\na=control:t0\r\n',
  'm=audio 0 RTP/AVP 98\r\na=rtpmap:98 G726-32/8000\r\na=control:t1\r\n',
].join('');

const configOf = (stream: string): Promise<Awaited<ReturnType<typeof parseConfig>>> =>
  parseConfig(`version: 1\ncameras: { front: { streams: { main: ${stream} } } }`, 'test.yaml', {});

describe('the quirks of a stream', () => {
  it.each(['rtsp://cam/live', '{ url: "rtsp://cam/live" }'])(
    'are by default those of a source, for %s',
    async (stream) => {
      const { config } = await configOf(stream);
      expect(config.cameras['front']?.streams['main']).toMatchObject({ quirks: DEFAULT_QUIRKS });
    },
  );

  it('are named one by one, the others stay', async () => {
    const { config } = await configOf('{ url: "rtsp://cam/live", quirks: { teardown: never } }');
    expect(config.cameras['front']?.streams['main']).toMatchObject({
      quirks: { ...DEFAULT_QUIRKS, teardown: 'never' },
    });
  });

  it.each([
    ['{ url: "rtsp://cam/live", quirks: { teardown: sometimes } }', /teardown/],
    ['{ url: "rtsp://cam/live", quirks: { tear-down: never } }', /tear-down/],
  ])('are refused where they are none: %s', async (stream, complaint) => {
    await expect(configOf(stream)).rejects.toThrow(complaint);
  });
});

describe('a camera with ways of its own', () => {
  let camera: Camera;
  let sink: NotingSink;
  let source: Source;
  let port: number;
  let infos: object[];

  const play = async (quirks: Partial<SourceQuirks>): Promise<void> => {
    const clock = new ManualClock();
    const log = {
      debug: () => undefined,
      info: (fields: object) => void infos.push(fields),
      warn: () => undefined,
    };
    source = createRtspSource(
      {
        url: `rtsp://127.0.0.1:${port}/live`,
        transport: 'tcp',
        credentials: { username: 'admin', password: 's3cret' },
        quirks,
        inactivityMs: 5_000,
        reconnect: { initialMs: 1_000, maxMs: 8_000 },
        gate: new StartGate(clock, { spacingMs: 0 }),
        clock,
        log,
      },
      sink,
    );
    source.start();
    await sink.seen('online');
  };
  beforeEach(async () => {
    camera = new Camera();
    sink = new NotingSink();
    infos = [];
    port = await camera.open();
  });
  afterEach(async () => {
    await source.stop();
    await camera.close();
  });

  it('is left without a word where it takes that for the end of all', async () => {
    await play({ teardown: 'never' });
    await source.stop();
    expect(camera.methods).toEqual(['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY']);
    expect(sink.log.at(-1)).toBe('offline stopped');
  });

  it('is left in order where it mixes up its sessions, to be connected anew', async () => {
    await play({ unassignedChannel: 'reconnect' });
    const fields = { payloadType: 96, sequence: 1, timestamp: 1, ssrc: 1, marker: true };
    camera.media(encodeRtp(fields, Buffer.from('x')), 0);
    await sink.seen('rtp 1');
    camera.media(encodeRtp(fields, Buffer.from('x')), 8);
    await sink.seen('offline protocol');
    expect(source.stats.state).toBe('waiting');
  });

  it('is played by its address, asked for as it likes it', async () => {
    const basic = `Basic ${Buffer.from('admin:s3cret').toString('base64')}`;
    camera.script = ({ method, headers, uri }) => {
      if (headers.get('Authorization') !== basic)
        return {
          status: 401,
          headers: { 'WWW-Authenticate': 'Digest realm="c", nonce="n", Basic realm="c"' },
        };
      if (method === 'DESCRIBE')
        return { body: VIDEO, headers: { 'Content-Base': 'rtsp://10.0.0.9/inside/' } };
      if (uri.includes('10.0.0.9')) return { status: 404 };
      return method === 'PLAY' && headers.has('Range') ? 'mute' : undefined;
    };
    await play({ authentication: 'basic', controlBase: 'asked', playRange: 'none' });
    expect(camera.requests.at(-1)?.uri).toBe(`rtsp://127.0.0.1:${port}/live`);
    expect(source.stats.quirks).toEqual(['no-origin']);
  });

  it('brings what its tracks are told to bring', async () => {
    camera.script = ({ method }) => (method === 'DESCRIBE' ? { body: SOUND } : undefined);
    await play({ pcmOrder: 'little-endian', g726Packing: 'aal2' });
    expect(sink.told.map(({ format }) => format.encodingName)).toEqual(['L16', 'AAL2-G726-32']);
    const fields = { payloadType: 97, sequence: 1, timestamp: 1, ssrc: 1, marker: true };
    camera.media(encodeRtp(fields, Buffer.of(1, 2, 3, 4)), 0);
    await sink.seen('rtp 1');
    expect([...sink.packets[0]!.subarray(12)]).toEqual([2, 1, 4, 3]);
  });

  it('tells what it does that it should not', async () => {
    camera.script = ({ method }) => {
      if (method === 'OPTIONS') return { status: 501 };
      return method === 'DESCRIBE'
        ? { body: VIDEO, headers: { 'Content-Base': '127.0.0.1/live/' } }
        : undefined;
    };
    await play({});
    const fields = { payloadType: 50, sequence: 1, timestamp: 1, ssrc: 1, marker: true };
    camera.media(encodeRtp(fields, Buffer.from('x')), 0);
    camera.media(encodeRtp({ ...fields, payloadType: 96 }, Buffer.from('x')), 0);
    await sink.seen('rtp 1');
    expect(source.stats.quirks).toEqual([
      'options-unknown',
      'no-origin',
      'base-without-scheme',
      'foreign-payload-type',
    ]);
    expect(infos.at(-1)).toMatchObject({
      quirks: ['options-unknown', 'no-origin', 'base-without-scheme'],
    });
  });
});
