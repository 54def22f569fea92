import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from '@nightjar/common';
import type { RtspResponse } from '@nightjar/rtsp';
import type { RtspServer } from '../rtsp-server.js';
import { TestClient } from '../testing/test-client.js';
import { rtp, TestMount } from '../testing/test-mount.js';
import { startServer } from '../testing/test-server.js';

const STATES = ['none', 'gone', 'ready', 'playing', 'paused', 'ended'] as const;
type State = (typeof STATES)[number];

/** The URL of a request: the whole, a track that was set up with another, one that was not, one that there is not. */
type On = 'whole' | 'track' | 'free' | 'absent';

/** Status in each of {@link STATES}; two of them are those of RTSP 1.0 and of 2.0. */
type Row = readonly [method: string, on: On, ...statuses: (number | readonly [number, number])[]];

// The session of each state has set up tracks 0 and 1 of three.
const TABLE: readonly Row[] = [
  ['OPTIONS', 'whole', 200, 200, 200, 200, 200, 200],
  ['DESCRIBE', 'whole', 200, 200, 200, 200, 200, 200],
  ['SETUP', 'whole', 459, 454, 459, 455, 459, 459],
  ['SETUP', 'track', 200, 454, 200, 455, 200, 200],
  ['SETUP', 'free', 200, 454, 200, 455, 200, 200],
  ['SETUP', 'absent', 404, 454, 404, 455, 404, 404],
  ['PLAY', 'whole', 454, 454, 200, 200, 200, 200],
  ['PLAY', 'track', 454, 454, 460, 460, 460, 460],
  ['PLAY', 'free', 454, 454, 460, 460, 460, 460],
  ['PAUSE', 'whole', 454, 454, 200, 200, 200, 200],
  ['PAUSE', 'track', 454, 454, 460, 460, 460, 460],
  ['TEARDOWN', 'whole', 454, 454, 200, 200, 200, 200],
  ['TEARDOWN', 'track', 454, 454, 200, [200, 455], 200, 200],
  ['TEARDOWN', 'free', 454, 454, 404, 404, 404, 404],
  ['GET_PARAMETER', 'whole', 200, 454, 200, 200, 200, 200],
  ['SET_PARAMETER', 'whole', 200, 454, 200, 200, 200, 200],
  // Of a resource that nobody may publish to.
  ['ANNOUNCE', 'whole', [405, 501], [405, 501], [405, 501], [405, 501], [405, 501], [405, 501]],
  ['RECORD', 'whole', [454, 501], [454, 501], [405, 501], [455, 501], [405, 501], [405, 501]],
  ['REDIRECT', 'whole', 405, 405, 405, 405, 405, 405],
  ['PLAY_NOTIFY', 'whole', [501, 405], [501, 405], [501, 405], [501, 405], [501, 405], [501, 405]],
  ['FETCH', 'whole', 501, 501, 501, 501, 501, 501],
  ['play', 'whole', 501, 501, 501, 501, 501, 501],
];

const CASES = TABLE.flatMap(([method, on, ...statuses]) =>
  STATES.flatMap((state, at) => {
    const status = statuses[at]!;
    const [first, second] = typeof status === 'number' ? [status, status] : status;
    return [
      { version: 'RTSP/1.0', method, on, state, status: first },
      { version: 'RTSP/2.0', method, on, state, status: second },
    ];
  }),
);

describe('the methods of RTSP in every state', () => {
  const mount = new TestMount(3);
  let server: RtspServer;
  let base: string;
  const clients: TestClient[] = [];
  const failures: unknown[] = [];

  const tcp = (on: string): string => (on === 'whole' ? base : `${base}/trackID=${on}`);
  const TRANSPORT = { Transport: 'RTP/AVP/TCP;unicast' };

  async function clientIn(
    state: State,
    version: string,
  ): Promise<{ client: TestClient; headers: Record<string, string> }> {
    const client = await TestClient.open(server.port);
    client.version = version;
    clients.push(client);
    if (state === 'none') return { client, headers: {} };
    const first = await client.ask('SETUP', tcp('0'), TRANSPORT);
    const headers = { Session: first.headers.get('Session')!.split(';')[0]! };
    expect((await client.ask('SETUP', tcp('1'), { ...headers, ...TRANSPORT })).status).toBe(200);
    const steps: Record<State, readonly string[]> = {
      none: [],
      gone: ['TEARDOWN'],
      ready: [],
      playing: ['PLAY'],
      paused: ['PLAY', 'PAUSE'],
      ended: ['PLAY'],
    };
    for (const step of steps[state])
      expect((await client.ask(step, base, headers)).status).toBe(200);
    // The range has come to its end, or to the point where it was to pause.
    if (state === 'ended') mount.outputs.at(-1)!.stopped();
    return { client, headers };
  }

  beforeAll(async () => {
    server = await startServer(mount, new ManualClock(), {
      failed: (error) => failures.push(error),
    });
    base = `rtsp://127.0.0.1:${server.port}/front`;
  });

  afterEach(() => {
    for (const client of clients.splice(0)) client.socket.destroy();
  });

  afterAll(() => server.close());

  it.each(CASES)(
    '$version: $method of $on in state $state is $status',
    async ({ version, method, on, state, status }) => {
      const { client, headers } = await clientIn(state, version);
      const uri = { whole: base, track: tcp('1'), free: tcp('2'), absent: tcp('7') }[on];
      const more = method === 'SETUP' ? TRANSPORT : {};
      const answer: RtspResponse = await client.ask(method, uri, { ...headers, ...more });
      expect([answer.version, answer.status]).toEqual([version, status]);
      if (status === 455) {
        const allowed = answer.headers.get('Allow')!.split(', ');
        expect(allowed.includes('SETUP')).toBe(false);
        expect(allowed).toContain('PAUSE');
      }
      if (status === 405) expect(answer.headers.get('Allow')).toContain('DESCRIBE');
      if (status === 501) expect(answer.headers.get('Public')).toContain('DESCRIBE');
      // Nothing of that harms the connection.
      expect((await client.ask('OPTIONS', '*')).status).toBe(200);
    },
  );

  it('lets one track be torn down, and with the last one the session', async () => {
    const { client, headers } = await clientIn('ready', 'RTSP/2.0');
    const first = await client.ask('TEARDOWN', tcp('0'), headers);
    expect([first.status, first.headers.get('Session')]).toEqual([200, headers['Session']]);
    expect((await client.ask('PLAY', tcp('1'), headers)).status).toBe(200);
    const last = await client.ask('TEARDOWN', tcp('1'), headers);
    expect([last.status, last.headers.has('Session')]).toEqual([200, false]);
    expect((await client.ask('PLAY', base, headers)).status).toBe(454);
  });

  it('adds a track to what has come to its end, and plays all', async () => {
    const { client, headers } = await clientIn('ended', 'RTSP/1.0');
    const transport = { Transport: 'RTP/AVP/TCP;unicast;interleaved=8-9' };
    expect((await client.ask('SETUP', tcp('2'), { ...headers, ...transport })).status).toBe(200);
    const output = mount.outputs.at(-1)!;
    expect((await client.ask('PLAY', base, headers)).status).toBe(200);
    client.arrivals.length = 0;
    output.send(2, rtp(7), false);
    output.flush();
    let arrival = await client.next();
    while ('status' in arrival || arrival.channel !== 8) arrival = await client.next();
    expect(arrival.bytes).toEqual(rtp(7));
    // It plays again: that is no time for another track.
    expect((await client.ask('SETUP', tcp('2'), { ...headers, ...transport })).status).toBe(455);
  });

  it('is ready when it has stopped before the answer to PLAY was there', async () => {
    const { client, headers } = await clientIn('ready', 'RTSP/1.0');
    mount.onPlay = (output) => output.stopped();
    expect((await client.ask('PLAY', base, headers)).status).toBe(200);
    mount.onPlay = () => undefined;
    expect((await client.ask('SETUP', tcp('2'), { ...headers, ...TRANSPORT })).status).toBe(200);
  });

  it('takes another transport for the only track, and no mixture for several', async () => {
    const { client, headers } = await clientIn('ready', 'RTSP/1.0');
    const udp = { ...headers, Transport: 'RTP/AVP;unicast;client_port=5000-5001' };
    expect((await client.ask('SETUP', tcp('0'), udp)).status).toBe(461);
    expect((await client.ask('TEARDOWN', tcp('1'), headers)).status).toBe(200);
    const moved = await client.ask('SETUP', tcp('0'), udp);
    expect([moved.status, moved.headers.get('Transport')]).toEqual([
      200,
      expect.stringContaining('server_port'),
    ]);
    const mixed = await client.ask('SETUP', tcp('1'), { ...headers, ...TRANSPORT });
    expect(mixed.status).toBe(461);
    expect((await client.ask('PLAY', base, headers)).status).toBe(200);
  });

  it('takes the channels of a track that is set up again, and no others that are in use', async () => {
    const { client, headers } = await clientIn('ready', 'RTSP/1.0');
    const channels = async (track: string, asked: string): Promise<string | undefined> => {
      const transport = `RTP/AVP/TCP;unicast;interleaved=${asked}`;
      const answer = await client.ask('SETUP', tcp(track), { ...headers, Transport: transport });
      return /interleaved=([\d-]+)/.exec(answer.headers.get('Transport') ?? '')?.[1];
    };
    expect(await channels('0', '0-1')).toBe('0-1');
    expect(await channels('0', '2-3')).toBe('0-1');
    expect(await channels('0', '8-9')).toBe('8-9');
  });

  describe('parameters', () => {
    const BODY = { 'Content-Type': 'text/parameters' };

    it.each([
      ['GET_PARAMETER', 'timeout\r\nstate\r\n', 200, 'timeout: 60\r\nstate: ready\r\n'],
      ['GET_PARAMETER', 'volume\r\nstate\r\nhue\r\n', 451, 'volume\r\nhue\r\n'],
      ['GET_PARAMETER', '__proto__\r\nconstructor\r\n', 451, '__proto__\r\nconstructor\r\n'],
      ['SET_PARAMETER', 'timeout: 5\r\n', 458, 'timeout\r\n'],
      ['SET_PARAMETER', 'timeout: 5\r\nvolume: 11\r\n', 451, 'volume\r\n'],
    ])('%s of %j is %d', async (method, body, status, told) => {
      const { client, headers } = await clientIn('ready', 'RTSP/1.0');
      const answer = await client.ask(method, base, { ...headers, ...BODY }, body);
      expect([answer.status, answer.body.toString()]).toEqual([status, told]);
      expect(answer.headers.get('Content-Type')).toBe('text/parameters');
      expect(answer.headers.get('Session')).toBe(headers['Session']);
    });

    it('are refused in another form, and without a session', async () => {
      const { client, headers } = await clientIn('ready', 'RTSP/1.0');
      const xml = { ...headers, 'Content-Type': 'application/xml' };
      expect((await client.ask('SET_PARAMETER', base, xml, '<a/>')).status).toBe(415);
      expect((await client.ask('GET_PARAMETER', base, BODY, 'timeout\r\n')).status).toBe(451);
    });
  });

  it.each([
    ['RTSP/1.0', 'Require', 'x-new, play.basic', 551],
    ['RTSP/1.0', 'Proxy-Require', 'x-new', 551],
    ['RTSP/2.0', 'Require', 'x-new', 551],
    ['RTSP/2.0', 'Proxy-Require', 'x-new', 200],
    ['RTSP/2.0', 'Require', 'play.basic, setup.rtp.rtcp.mux', 200],
    ['RTSP/2.0', 'Require', 'play.scale', 551],
  ])('%s: %s: %s is %d', async (version, name, tags, status) => {
    const { client } = await clientIn('none', version);
    const answer = await client.ask('DESCRIBE', base, { [name]: tags, Supported: 'play.basic' });
    expect(answer.status).toBe(status);
    const unsupported = answer.headers.get('Unsupported');
    expect(unsupported).toBe(status === 551 ? tags.split(',')[0] : undefined);
    expect(answer.headers.get('Supported')).toContain('setup.rtp.rtcp.mux');
  });

  it('has an answer to any conversation, and none of them is its own mistake', async () => {
    const value = (...values: string[]): fc.Arbitrary<string | undefined> =>
      fc.option(fc.oneof(fc.constantFrom(...values), fc.string({ unit: 'grapheme-ascii' })), {
        nil: undefined,
        freq: 4,
      });
    const headers = fc.record({
      Session: fc.constantFrom('own', 'own', 'own', 'none', undefined),
      Transport: value(TRANSPORT.Transport, 'RTP/AVP;unicast;client_port=5000-5001', 'RTP/AVP'),
      Range: value('npt=0-', 'npt=1-2', 'clock=20260131T120000Z-', 'npt=now-', 'smpte=1-'),
      Scale: value('2', '0', '-1', '1e9'),
      Speed: value('1-2', 'x'),
      'Content-Type': value('text/parameters', 'application/sdp'),
      'Pipelined-Requests': value('1', '2'),
      Require: value('play.basic', 'x'),
      'If-Match': value('"x"', '*'),
    });
    const step = fc.record({
      version: fc.constantFrom('RTSP/1.0', 'RTSP/2.0', 'RTSP/2.0', 'RTSP/9.9'),
      method: fc.constantFrom(...new Set(TABLE.map(([method]) => method))),
      uri: fc.constantFrom('', '/trackID=0', '/trackID=1', '/trackID=99', '/%zz', '?a=b', 'x'),
      headers,
      body: fc.constantFrom('', '', 'state\r\n', 'a: b\r\n', '\0'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), async (steps) => {
        const client = await TestClient.open(server.port);
        clients.push(client);
        let own = 'none';
        for (const { version, method, uri, headers: named, body } of steps) {
          const { Session: whose, ...others } = named;
          const told = Object.entries({ ...others, Session: whose === 'own' ? own : whose });
          const sent = told.filter((one): one is [string, string] => one[1] !== undefined);
          client.version = version;
          const answer = await client.ask(method, `${base}${uri}`, Object.fromEntries(sent), body);
          expect(answer.status).not.toBe(500);
          expect(answer.version).toBe(version === 'RTSP/1.0' ? version : 'RTSP/2.0');
          own = answer.headers.get('Session')?.split(';')[0] ?? own;
        }
        client.socket.destroy();
      }),
      { numRuns: 60 },
    );
    expect(failures).toEqual([]);
  });

  it('hands a pause point on in 1.0, and refuses what is no point', async () => {
    const { client, headers } = await clientIn('playing', 'RTSP/1.0');
    mount.paused = { range: 'npt=5.000-9.000', later: true };
    const answer = await client.ask('PAUSE', base, { ...headers, Range: 'npt=5' });
    mount.paused = {};
    expect([answer.status, answer.headers.get('Range')]).toEqual([200, 'npt=5.000-9.000']);
    expect(mount.pauses.at(-1)).toEqual({ unit: 'npt', start: 5, end: undefined });
    // It still plays.
    expect((await client.ask('SETUP', tcp('2'), { ...headers, ...TRANSPORT })).status).toBe(455);
    const status = async (range: string): Promise<number> =>
      (await client.ask('PAUSE', base, { ...headers, Range: range })).status;
    expect([await status('npt=5-9'), await status('frames=5'), await status('npt=x')]).toEqual([
      457, 501, 400,
    ]);
  });
});
