import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AccessPolicy, REALM } from '@nightjar/access';
import { ManualClock, NightjarError } from '@nightjar/common';
import { ClientAuthorizer, parseChallenges, parseSdp } from '@nightjar/rtsp';
import { UserAuthenticator } from './authenticator.js';
import { RtspServer } from './rtsp-server.js';
import { TestClient } from './testing/test-client.js';
import { TestMount, rtp } from './testing/test-mount.js';

describe('the RTSP server', () => {
  let mount: TestMount;
  let clock: ManualClock;
  let policy: AccessPolicy;
  let server: RtspServer;
  let client: TestClient;
  let base: string;
  const user = { password: 'secret', role: 'admin' as const, cameras: undefined };

  async function start(users: ConstructorParameters<typeof AccessPolicy>[0]): Promise<void> {
    policy = new AccessPolicy(users);
    server = new RtspServer({
      host: '127.0.0.1',
      port: 0,
      udp: true,
      clock,
      authenticator: new UserAuthenticator(policy, { realm: REALM, now: Date.now }),
      resolver: {
        resolve: (path, _, principal) => {
          if (policy.decide(principal, 'view', path) === 'authenticate') {
            return Promise.reject(
              new NightjarError('unauthenticated', 'test/login', 'login needed'),
            );
          }
          return path === 'front'
            ? Promise.resolve(mount)
            : Promise.reject(new NightjarError('not-found', 'test/none', path));
        },
      },
    });
    await server.listen();
    base = `rtsp://127.0.0.1:${server.port}/front`;
    client = await TestClient.open(server.port);
  }

  async function setup(transport = 'RTP/AVP/TCP;unicast;interleaved=0-1'): Promise<string> {
    const answer = await client.ask('SETUP', `${base}/trackID=0`, { Transport: transport });
    expect(answer.status).toBe(200);
    return answer.headers.get('Session')!.split(';')[0]!;
  }

  beforeEach(async () => {
    mount = new TestMount();
    clock = new ManualClock();
    await start({});
  });

  afterEach(async () => {
    client.socket.destroy();
    await server.close();
  });

  it('serves a session from OPTIONS to TEARDOWN', async () => {
    expect((await client.ask('OPTIONS', '*')).headers.get('Public')).toContain('GET_PARAMETER');
    const described = await client.ask('DESCRIBE', base);
    expect(described.headers.get('Content-Base')).toBe(`${base}/`);
    expect(parseSdp(described.body.toString()).tracks.map((t) => t.control)).toEqual([
      'trackID=0',
      'trackID=1',
    ]);
    const session = await setup();
    const played = await client.ask('PLAY', base, { Session: session });
    expect(played.headers.get('RTP-Info')).toBe(`url=${base}/trackID=0;seq=1;rtptime=0`);
    expect(await client.next()).toEqual({ channel: 0, bytes: rtp(1) });
    expect((await client.ask('PAUSE', base, { Session: session })).status).toBe(200);
    expect((await client.ask('GET_PARAMETER', base, { Session: session })).status).toBe(200);
    expect((await client.ask('TEARDOWN', base, { Session: session })).status).toBe(200);
    expect((await client.ask('PLAY', base, { Session: session })).status).toBe(454);
    expect(mount.closed).toBe(1);
  });

  it.each([
    ['an unknown method', 'FETCH', 'front', {}, 501],
    ['a method of publishers', 'ANNOUNCE', 'front', {}, 405],
    ['an unknown path', 'DESCRIBE', 'nowhere', {}, 404],
    ['an unknown Require tag', 'DESCRIBE', 'front', { Require: 'time-travel' }, 551],
    ['a feature of other mounts', 'DESCRIBE', 'front', { Require: 'onvif-replay' }, 551],
    ['an Accept without SDP', 'DESCRIBE', 'front', { Accept: 'text/html' }, 406],
    ['SETUP without Transport', 'SETUP', 'front/trackID=0', {}, 400],
    ['SETUP of the aggregate', 'SETUP', 'front', { Transport: 'RTP/AVP/TCP' }, 459],
    [
      'SETUP of a track that is not there',
      'SETUP',
      'front/trackID=7',
      { Transport: 'RTP/AVP/TCP' },
      404,
    ],
    ['multicast', 'SETUP', 'front/trackID=0', { Transport: 'RTP/AVP;multicast' }, 461],
    ['PLAY without a session', 'PLAY', 'front', {}, 454],
    ['PLAY of a foreign session', 'PLAY', 'front', { Session: '0123456789abcdef' }, 454],
  ])('answers %s with its status and goes on', async (_, method, path, headers, status) => {
    const answer = await client.ask(method, base.replace('front', path), headers);
    expect(answer.status).toBe(status);
    expect((await client.ask('OPTIONS', base)).status).toBe(200);
  });

  it('hands on what PLAY asks for, and tells what is done', async () => {
    mount.features = ['onvif-replay'];
    mount.answer = { range: 'npt=5.000-1.000', scale: -4, speed: 2, rateControl: 'yes' };
    const session = await setup();
    const asked = {
      Session: session,
      Require: 'onvif-replay',
      CSeq: '1027',
      Range: 'npt=5-1',
      Scale: '-1e0',
    };
    expect((await client.ask('PLAY', base, asked)).status).toBe(400);
    expect(mount.plays).toEqual([]);
    const headers = { Scale: '-4', Speed: '1-2', 'Rate-Control': 'no', Frames: 'intra/40' };
    const answer = await client.ask('PLAY', base, { ...asked, ...headers, Immediate: 'yes' });
    expect(mount.plays).toEqual([
      {
        range: { unit: 'npt', start: 5, end: 1 },
        scale: -4,
        speed: { min: 1, max: 2 },
        rateControl: 'no',
        frames: { kind: 'intra', minIntervalMs: 40 },
        immediate: true,
        queue: false,
        cseq: 3,
        required: ['onvif-replay'],
      },
    ]);
    const told = ['Range', 'Scale', 'Speed', 'Rate-Control'].map((name) =>
      answer.headers.get(name),
    );
    expect(told).toEqual(['npt=5.000-1.000', '-4.000', '2.000', 'yes']);
    const bare = await client.ask('PLAY', base, { Session: session });
    // What was required once holds for the session; what was not asked for is not told.
    expect(mount.plays[1]?.required).toEqual(['onvif-replay']);
    expect([bare.headers.get('Speed'), bare.headers.get('Scale')]).toEqual([undefined, '-4.000']);
    const unsupported = await client.ask('PLAY', base, {
      Session: session,
      Require: 'onvif-replay, x',
    });
    expect([unsupported.status, unsupported.headers.get('Unsupported')]).toEqual([551, 'x']);
  });

  it('refuses PLAY ranges in unknown units, SETUP while playing and unknown parameters', async () => {
    const session = await setup();
    expect((await client.ask('PLAY', base, { Session: session, Range: 'frames=1-2' })).status).toBe(
      501,
    );
    expect((await client.ask('PLAY', base, { Session: session })).status).toBe(200);
    const again = await client.ask('SETUP', `${base}/trackID=1`, {
      Session: session,
      Transport: 'RTP/AVP/TCP',
    });
    expect([again.status, again.headers.get('Allow')?.includes('SETUP')]).toEqual([455, false]);
    expect(
      (await client.ask('GET_PARAMETER', base, { Session: session }, 'volume\r\n')).status,
    ).toBe(451);
  });

  it('answers what cannot be parsed once and closes only that connection', async () => {
    const other = await TestClient.open(server.port);
    const closed = once(other.socket, 'close');
    other.socket.write(`OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`);
    const answer = await other.next();
    expect('status' in answer && answer.status).toBe(400);
    await closed;
    expect((await client.ask('OPTIONS', '*')).status).toBe(200);
  });

  it('reclaims a UDP session that shows no sign of life, and not one that does', async () => {
    const session = await setup('RTP/AVP;unicast;client_port=5000-5001');
    await client.ask('PLAY', base, { Session: session });
    clock.advance(60_000);
    expect((await client.ask('GET_PARAMETER', base, { Session: session })).status).toBe(200);
    clock.advance(69_000);
    expect(server.countSessions('udp')).toBe(1);
    clock.advance(6_000);
    expect(server.countSessions('udp')).toBe(0);
    expect(mount.closed).toBe(1);
    client.socket.destroy();
    client = await TestClient.open(server.port);
    expect((await client.ask('GET_PARAMETER', base, { Session: session })).status).toBe(454);
  });

  it('keeps a playing interleaved session as long as its connection, and no other one', async () => {
    const playing = await setup();
    await client.ask('PLAY', base, { Session: playing });
    const idle = await setup('RTP/AVP/TCP;unicast;interleaved=4-5');
    expect(server.countSessions('tcp')).toBe(2);
    clock.advance(600_000);
    expect(server.countSessions('tcp')).toBe(1);
    expect(idle).not.toBe(playing);
  });

  it('answers 408 to a request that does not end, and closes', async () => {
    const other = await TestClient.open(server.port);
    const closed = once(other.socket, 'close');
    other.socket.write('OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n');
    // Its bytes are there once a later client was answered.
    await client.ask('OPTIONS', '*');
    clock.advance(10_000);
    const answer = await other.next();
    expect('status' in answer && answer.status).toBe(408);
    await closed;
  });

  it('ends a session with the connection that carries it, and says goodbye when it ends it itself', async () => {
    const session = await setup();
    await client.ask('PLAY', base, { Session: session });
    await client.next();
    mount.outputs[0]!.end();
    const bye = await client.next();
    expect('channel' in bye && [bye.channel, bye.bytes.includes(Buffer.from([203]))]).toEqual([
      1,
      true,
    ]);
    client.socket.destroy();
    const watcher = await TestClient.open(server.port);
    while (mount.closed === 0) await watcher.ask('OPTIONS', '*');
    watcher.socket.destroy();
    expect(server.countSessions('tcp')).toBe(0);
  });

  describe('with users', () => {
    beforeEach(async () => {
      client.socket.destroy();
      await server.close();
      await start({ anna: user, bert: { ...user, password: 'other' } });
    });

    async function login(
      name: string,
      password: string,
      method: string,
      uri: string,
    ): Promise<string> {
      const challenged = await client.ask(method, uri);
      expect(challenged.status).toBe(401);
      const authorizer = new ClientAuthorizer({ username: name, password });
      authorizer.challenged(parseChallenges(challenged.headers.getAll('WWW-Authenticate')));
      return authorizer.authorization(method, uri)!;
    }

    it('asks for a login, SHA-256 first, and takes the right one', async () => {
      const challenged = await client.ask('DESCRIBE', base);
      const offers = parseChallenges(challenged.headers.getAll('WWW-Authenticate'));
      expect(offers.map((o) => o.algorithm)).toEqual(['SHA-256', 'MD5']);
      const header = await login('anna', 'secret', 'DESCRIBE', base);
      expect((await client.ask('DESCRIBE', base, { Authorization: header })).status).toBe(200);
    });

    it('refuses a wrong password, and an unknown path no differently', async () => {
      const header = await login('anna', 'guess', 'DESCRIBE', base);
      expect((await client.ask('DESCRIBE', base, { Authorization: header })).status).toBe(401);
      expect((await client.ask('DESCRIBE', base.replace('front', 'nowhere'))).status).toBe(401);
    });

    it('keeps a session for the user who made it', async () => {
      const uri = `${base}/trackID=0`;
      const header = await login('anna', 'secret', 'SETUP', uri);
      const made = await client.ask('SETUP', uri, {
        Authorization: header,
        Transport: 'RTP/AVP/TCP;interleaved=0-1',
      });
      const session = made.headers.get('Session')!.split(';')[0]!;
      const owner = client;
      client = await TestClient.open(server.port);
      expect((await client.ask('PLAY', base, { Session: session })).status).toBe(401);
      const other = await login('bert', 'other', 'PLAY', base);
      expect(
        (await client.ask('PLAY', base, { Session: session, Authorization: other })).status,
      ).toBe(454);
      owner.socket.destroy();
    });
  });
});
