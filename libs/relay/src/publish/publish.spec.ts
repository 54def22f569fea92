import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AccessPolicy, REALM } from '@nightjar/access';
import { ManualClock } from '@nightjar/common';
import { parseConfig } from '@nightjar/config';
import { decodeRtcp, encodeRtp, sequenceOf, ssrcOf } from '@nightjar/rtp';
import {
  ClientAuthorizer,
  encodeInterleaved,
  parseChallenges,
  type SdpTrack,
} from '@nightjar/rtsp';
import type { HubReader } from '../hub/hub.js';
import { LiveResolver } from '../live/live-resolver.js';
import { Relay } from '../live/relay.js';
import type { RelayStream } from '../live/relay-stream.js';
import { UserAuthenticator } from '../rtsp-server/authenticator.js';
import { RtspServer } from '../rtsp-server/rtsp-server.js';
import { TestClient } from '../rtsp-server/testing/test-client.js';
import type { OfflineReason } from '../source/source.js';
import { Publication } from './publication.js';

const CONFIG = `
version: 1
cameras:
  drone: { streams: { main: { source: publish }, sub: { source: publish, secondPublisher: replace } } }
  front: { streams: { main: "rtsp://a/1" } }
`;
const TYPE = { 'Content-Type': 'application/sdp' };
const SDP =
  'v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:streamid=0\r\n' +
  'm=audio 0 RTP/AVP 0\r\na=control:streamid=1\r\n';
const MEDIA = 'm=audio 0 RTP/AVP 0\r\n';
const TCP = 'RTP/AVP/TCP;unicast;interleaved=0-1;mode=record';

/** What readers of a stream are told. */
class Recorded implements HubReader {
  readonly holdsBatches = false;
  readonly packets: { track: number; sequence: number; ssrc: number }[] = [];
  readonly told: string[] = [];
  private wake: () => void = () => undefined;

  tracks(tracks: readonly SdpTrack[]): void {
    this.tell(tracks.map(({ format }) => format.encodingName).join('+'));
  }

  batch: HubReader['batch'] = (batch) => {
    for (let i = 0; i < batch.count; i++) {
      const at = batch.offsets[i]!;
      const track = batch.tracks[i]!;
      const packet = { sequence: sequenceOf(batch.bytes, at), ssrc: ssrcOf(batch.bytes, at) };
      this.packets.push({ track, ...packet });
    }
    this.wake();
  };

  interrupted(reason: OfflineReason): void {
    this.tell(reason);
  }

  unavailable(reason: OfflineReason): void {
    this.tell(reason);
  }

  closed(): void {
    this.tell('removed');
  }

  async until(done: () => boolean): Promise<void> {
    while (!done()) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  private tell(what: string): void {
    this.told.push(what);
    this.wake();
  }
}

const rtp = (payloadType: number, sequence: number, ssrc = 7): Buffer =>
  encodeRtp({ payloadType, sequence, timestamp: 0, ssrc, marker: true }, Buffer.alloc(8, 1));

describe('publishing', () => {
  let clock: ManualClock;
  let relay: Relay;
  let server: RtspServer;
  let client: TestClient;
  let base: string;
  let clients: TestClient[];
  let policy: AccessPolicy;
  let noted: unknown[];

  const connect = async (): Promise<TestClient> => {
    const opened = await TestClient.open(server.port);
    clients.push(opened);
    return opened;
  };

  beforeEach(async () => {
    clock = new ManualClock();
    clients = [];
    noted = [];
    policy = new AccessPolicy({
      cam: { password: 'p', role: 'admin', cameras: undefined },
      eve: { password: 'e', role: 'viewer', cameras: undefined },
    });
    relay = new Relay({
      clock,
      closeAfterMs: 0,
      cname: 'test',
      gopCacheBytes: 1e6,
      createSource: () => {
        throw new Error('nobody plays');
      },
      createPublication: (camera, _, { secondPublisher }) =>
        new Publication({
          clock,
          inactivityMs: camera.inactivityMs,
          secondPublisher,
          log: { debug: () => undefined, info: () => undefined, warn: () => undefined },
        }),
      onShown: () => undefined,
      onUnfit: () => undefined,
      onMismatch: () => undefined,
      onTalk: () => undefined,
      onError: () => undefined,
    });
    relay.apply((await parseConfig(CONFIG, 'test.yaml', { X: 'y' })).config.cameras);
    server = new RtspServer({
      host: '127.0.0.1',
      port: 0,
      udp: true,
      clock,
      authenticator: new UserAuthenticator(policy, { realm: REALM, now: Date.now }),
      events: {
        granted: (access, who) => noted.push(['granted', access, who]),
        denied: (access, who) => noted.push(['denied', access, who]),
      },
      mayGoOn: (principal, { action, camera }) =>
        policy.decide(principal, action, camera) === 'allow',
      resolver: new LiveResolver({
        relay,
        policy,
        clock,
        startTimeoutMs: 1_000,
        maxQueueBytes: 1e6,
        onSkip: () => undefined,
        onCut: () => undefined,
        onReaders: () => undefined,
      }),
    });
    await server.listen();
    base = `rtsp://127.0.0.1:${server.port}/drone`;
    client = await connect();
  });

  afterEach(async () => {
    for (const { socket } of clients) socket.destroy();
    await server.close();
    await relay.close();
  });

  /** Status of a request with the login of a user. */
  const ask = async (
    from: TestClient,
    method: string,
    uri: string,
    headers: Record<string, string> = {},
    body = '',
    [username, password]: readonly [string, string] = ['cam', 'p'],
  ): Promise<Awaited<ReturnType<TestClient['ask']>>> => {
    const first = await from.ask(method, uri, headers, body);
    if (first.status !== 401) return first;
    const authorizer = new ClientAuthorizer({ username, password });
    authorizer.challenged(parseChallenges(first.headers.getAll('WWW-Authenticate')));
    const Authorization = authorizer.authorization(method, uri)!;
    return await from.ask(method, uri, { ...headers, Authorization }, body);
  };

  const readerOf = (stream = 'main'): { reader: Recorded; entry: RelayStream } => {
    const entry = relay.get('drone', stream)!;
    const reader = new Recorded();
    entry.hub.attach(reader, { fromKeyframe: false });
    return { reader, entry };
  };

  /** ANNOUNCE and SETUP of both tracks; the session. */
  const announce = async (from: TestClient, url = base): Promise<string> => {
    expect((await ask(from, 'ANNOUNCE', url, TYPE, SDP)).status).toBe(200);
    const first = await ask(from, 'SETUP', `${url}/streamid=0`, { Transport: TCP });
    expect(first.headers.get('Transport')).toBe(
      'RTP/AVP/TCP;unicast;interleaved=0-1;mode="RECORD"',
    );
    const session = first.headers.get('Session')!.split(';')[0]!;
    const Transport = TCP.replace('0-1', '2-3');
    const second = await ask(from, 'SETUP', `${url}/streamid=1`, { Session: session, Transport });
    expect(second.status).toBe(200);
    return session;
  };

  const publish = async (from: TestClient, url = base): Promise<string> => {
    const session = await announce(from, url);
    expect((await ask(from, 'RECORD', url, { Session: session })).status).toBe(200);
    return session;
  };

  const send = (from: TestClient, channel: number, packet: Buffer): void => {
    from.socket.write(encodeInterleaved(channel, packet));
  };

  it('brings the tracks and packets of a client to the readers of the stream', async () => {
    const { reader, entry } = readerOf();
    await reader.until(() => reader.told.includes('not-published'));
    const session = await publish(client);
    await reader.until(() => reader.told.includes('H264+PCMU'));
    send(client, 0, rtp(96, 10));
    send(client, 2, rtp(0, 20));
    send(client, 0, rtp(96, 11));
    await reader.until(() => reader.packets.length === 3);
    expect(reader.packets.map(({ track }) => track)).toEqual([0, 1, 0]);
    expect(reader.packets[2]!.sequence - reader.packets[0]!.sequence).toBe(1);
    expect(reader.packets.map(({ ssrc }) => ssrc)).not.toContain(7);
    expect(entry.hub.sourceStats).toMatchObject({ state: 'playing', transport: 'tcp', packets: 3 });
    expect((await ask(client, 'TEARDOWN', base, { Session: session })).status).toBe(200);
    expect(reader.told).toEqual(['not-published', 'H264+PCMU', 'closed', 'not-published']);
  });

  it('goes on for its readers under the same numbers when the publisher comes again', async () => {
    const { reader } = readerOf();
    await publish(client);
    send(client, 0, rtp(96, 10));
    await reader.until(() => reader.packets.length === 1);
    client.socket.destroy();
    await reader.until(() => reader.told.includes('closed'));
    const again = await connect();
    await publish(again);
    send(again, 0, rtp(96, 999, 8));
    await reader.until(() => reader.packets.length === 2);
    const [before, after] = reader.packets;
    expect(after).toEqual({ ...before, sequence: (before!.sequence + 1) & 0xffff });
    expect(reader.told.filter((what) => what === 'H264+PCMU')).toHaveLength(1);
  });

  it('keeps its picture for the first reader, who may come later', async () => {
    await publish(client);
    const entry = relay.get('drone', 'main')!;
    expect((await entry.hub.ready(1)).map(({ format }) => format.codec)).toEqual(['h264', 'pcmu']);
    expect(entry.hub.state).toBe('online');
  });

  it('reports to the publisher what it received', async () => {
    const { reader } = readerOf();
    await publish(client);
    send(client, 0, rtp(96, 10));
    await reader.until(() => reader.packets.length === 1);
    clock.advance(4_000);
    send(client, 2, rtp(0, 1));
    await reader.until(() => reader.packets.length === 2);
    clock.advance(1_000);
    const report = await client.next();
    expect(report).toMatchObject({ channel: 1 });
    if (!('bytes' in report)) throw new Error('an answer came');
    const [item] = decodeRtcp(report.bytes, 0, report.bytes.length);
    expect(item?.type).toBe('rr');
  });

  it('ends a publisher that sends nothing any more', async () => {
    const { reader } = readerOf();
    await publish(client);
    await reader.until(() => reader.told.includes('H264+PCMU'));
    clock.advance(5_000);
    await once(client.socket, 'close');
    expect(reader.told.slice(-2)).toEqual(['stalled', 'not-published']);
  });

  it('tells who published, and who may not', async () => {
    await publish(client);
    const access = { action: 'publish', camera: 'drone' };
    const address = '127.0.0.1';
    const published = ['granted', [access], { principal: 'cam', address }];
    expect(noted).toEqual([published]);
    const login = ['eve', 'e'] as const;
    expect((await ask(await connect(), 'ANNOUNCE', base, {}, '', login)).status).toBe(403);
    expect(noted).toEqual([published, ['denied', access, { principal: 'eve', address }]]);
  });

  it.each([
    ['may not publish any more', { cam: { password: 'p', role: 'viewer' } }],
    ['is no user any more', {}],
  ] as const)('ends a publisher who %s', async (_, users) => {
    const { reader } = readerOf();
    await publish(client);
    await reader.until(() => reader.told.includes('H264+PCMU'));
    policy.update({ users: { eve: { password: 'e', role: 'admin' }, ...users } });
    const closed = once(client.socket, 'close');
    clock.advance(4_000);
    send(client, 0, rtp(96, 11));
    await reader.until(() => reader.packets.length > 0);
    clock.advance(1_000);
    await closed;
    expect(reader.told.slice(-1)).toEqual(['not-published']);
  });

  it('can be paused and begun again', async () => {
    const { reader } = readerOf();
    const session = await publish(client);
    expect((await ask(client, 'PAUSE', base, { Session: session })).status).toBe(200);
    send(client, 0, rtp(96, 10));
    expect((await ask(client, 'RECORD', base, { Session: session })).status).toBe(200);
    send(client, 0, rtp(96, 11));
    await reader.until(() => reader.packets.length > 0);
    expect(reader.packets).toHaveLength(1);
  });

  it('sends the publisher away with the stream', async () => {
    const { reader } = readerOf();
    await publish(client);
    relay.apply({});
    await once(client.socket, 'close');
    expect(reader.told.at(-1)).toBe('removed');
  });

  it('says at once that nobody publishes', async () => {
    const answer = await ask(client, 'DESCRIBE', base);
    expect([answer.status, answer.reason]).toEqual([503, 'Nobody publishes this stream now']);
  });

  describe('of one stream by two', () => {
    it('is refused to the second, before and after SETUP', async () => {
      const second = await connect();
      const session = await announce(second);
      await publish(client);
      const refused = await ask(second, 'RECORD', base, { Session: session });
      expect([refused.status, refused.reason]).toEqual([
        403,
        'Somebody else publishes this stream',
      ]);
      const third = await connect();
      expect((await ask(third, 'ANNOUNCE', base, TYPE, SDP)).status).toBe(403);
      const { publishing, taken } = relay.get('drone', 'main')!.publication!;
      expect([publishing, taken]).toEqual([{ publishers: 1, replaced: 0, refused: 2 }, true]);
    });

    it('goes to the second where that is wanted', async () => {
      const { reader } = readerOf('sub');
      await publish(client, `${base}/sub`);
      const second = await connect();
      await publish(second, `${base}/sub`);
      await once(client.socket, 'close');
      send(second, 0, rtp(96, 1));
      await reader.until(() => reader.packets.length === 1);
      expect(reader.told.slice(-2)).toEqual(['H264+PCMU', 'closed']);
      const { publishing } = relay.get('drone', 'sub')!.publication!;
      expect(publishing).toEqual({ publishers: 2, replaced: 1, refused: 0 });
    });
  });

  describe('answers what is wrong', () => {
    it.each([
      ['of a user who may not', 'drone', TYPE, SDP, ['eve', 'e'], 403],
      ['with a wrong password', 'drone', TYPE, SDP, ['cam', 'wrong'], 401],
      ['to no such stream', 'drone/low', TYPE, SDP, ['cam', 'p'], 404],
      ['to no such camera', 'nobody', TYPE, SDP, ['cam', 'p'], 404],
      ['to a stream that is fetched', 'front', TYPE, SDP, ['cam', 'p'], 403],
      ['of no SDP', 'drone', { 'Content-Type': 'text/plain' }, SDP, ['cam', 'p'], 415],
      ['without media', 'drone', TYPE, 'v=0\r\n', ['cam', 'p'], 400],
      ['without a body', 'drone', TYPE, '', ['cam', 'p'], 400],
      ['of many tracks', 'drone', TYPE, `v=0\r\n${MEDIA.repeat(9)}`, ['cam', 'p'], 413],
      ['of many bytes', 'drone', TYPE, `v=0\r\ns=${'x'.repeat(70_000)}\r\n`, ['cam', 'p'], 413],
    ] as const)('an ANNOUNCE %s', async (_, path, type, body, login, status) => {
      const url = base.replace('drone', path);
      expect((await ask(client, 'ANNOUNCE', url, type, body, login)).status).toBe(status);
    });

    it('SETUP to publish without an ANNOUNCE, and RECORD without a session', async () => {
      const setup = await ask(client, 'SETUP', `${base}/streamid=0`, { Transport: TCP });
      expect([setup.status, setup.headers.get('Allow')]).toEqual([
        455,
        'OPTIONS, DESCRIBE, ANNOUNCE',
      ]);
      expect((await ask(client, 'RECORD', base)).status).toBe(454);
      expect((await ask(client, 'RECORD', base, { Session: 'made-up' })).status).toBe(454);
    });

    it('SETUP of the whole, of no track, and of another transport', async () => {
      await ask(client, 'ANNOUNCE', base, TYPE, SDP);
      const setup = async (uri: string, Transport: string): Promise<number> =>
        (await ask(client, 'SETUP', uri, { Transport })).status;
      expect(await setup(base, TCP)).toBe(459);
      expect(await setup(`${base}/streamid=2`, TCP)).toBe(404);
      expect(await setup(`${base}/streamid=0`, 'RTP/AVP;multicast;mode=record')).toBe(461);
      expect(await setup(`${base}/streamid=0`, 'RTP/SAVP/TCP;interleaved=0-1;mode=record')).toBe(
        461,
      );
    });

    const PUBLISHING = ['ready', 'recording', 'paused'] as const;
    it.each<[method: string, ...statuses: number[]]>([
      ['OPTIONS', 200, 200, 200],
      ['DESCRIBE', 503, 200, 503],
      ['ANNOUNCE', 200, 455, 200],
      ['SETUP', 200, 455, 200],
      ['PLAY', 405, 455, 405],
      ['RECORD', 200, 455, 200],
      ['PAUSE', 200, 200, 200],
      ['GET_PARAMETER', 200, 200, 200],
      ['SET_PARAMETER', 200, 200, 200],
      ['TEARDOWN', 200, 200, 200],
    ])(
      '%s of a session that publishes: %d when ready, %d when recording, %d when paused',
      async (method, ...statuses) => {
        for (const [at, state] of PUBLISHING.entries()) {
          const from = await connect();
          const session = await announce(from);
          if (state !== 'ready') await ask(from, 'RECORD', base, { Session: session });
          if (state === 'paused') await ask(from, 'PAUSE', base, { Session: session });
          const more = method === 'ANNOUNCE' ? TYPE : method === 'SETUP' ? { Transport: TCP } : {};
          const uri = method === 'SETUP' ? `${base}/streamid=0` : base;
          const body = method === 'ANNOUNCE' ? SDP : '';
          const answer = await ask(from, method, uri, { Session: session, ...more }, body);
          expect([state, answer.status]).toEqual([state, statuses[at]]);
          from.socket.destroy();
          while (server.publisherCount > 0) await new Promise((resolve) => setImmediate(resolve));
        }
      },
    );

    it('RECORD in a session that plays', async () => {
      const reader = await connect();
      await publish(client);
      const played = await ask(reader, 'SETUP', `${base}/trackID=0`, {
        Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1',
      });
      const playing = played.headers.get('Session')!.split(';')[0]!;
      const refused = await ask(reader, 'RECORD', base, { Session: playing });
      expect([refused.status, refused.headers.get('Allow')]).toEqual([
        405,
        expect.not.stringContaining('RECORD'),
      ]);
    });

    it('media on channels of nobody, garbage, and packets of other kinds, with nothing', async () => {
      const { reader, entry } = readerOf();
      await publish(client);
      send(client, 9, rtp(96, 1));
      send(client, 0, Buffer.alloc(0));
      send(client, 0, Buffer.alloc(200, 0xff));
      send(client, 0, rtp(97, 1));
      send(client, 1, Buffer.from('not RTCP'));
      send(client, 3, rtp(0, 1));
      send(client, 0, rtp(96, 5));
      await reader.until(() => reader.packets.length === 1);
      expect(entry.hub.sourceStats?.dropped).toMatchObject({ malformed: 4, payloadType: 1 });
      clock.advance(4_000);
      send(client, 0, rtp(96, 6));
      await reader.until(() => reader.packets.length === 2);
      clock.advance(1_000);
      const report = await client.next();
      if (!('bytes' in report)) throw new Error('an answer came');
      const [item] = decodeRtcp(report.bytes, 0, report.bytes.length);
      expect(item).toMatchObject({ type: 'rr', reports: [{ cumulativeLost: 0 }] });
    });

    it('the session of another connection and user, as if there were none', async () => {
      const session = await publish(client);
      const other = await connect();
      const answer = await ask(other, 'TEARDOWN', base, { Session: session }, '', ['eve', 'e']);
      expect(answer.status).toBe(454);
    });
  });
});
