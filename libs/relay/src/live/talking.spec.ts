import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AccessPolicy, REALM } from '@nightjar/access';
import { ManualClock } from '@nightjar/common';
import { parseConfig } from '@nightjar/config';
import { encodeRtp, sequenceOf, ssrcOf } from '@nightjar/rtp';
import {
  ClientAuthorizer,
  ONVIF_BACKCHANNEL,
  encodeInterleaved,
  parseChallenges,
  parseSdp,
  type RtspResponse,
  type SdpTrack,
} from '@nightjar/rtsp';
import { UserAuthenticator } from '../rtsp-server/authenticator.js';
import { RtspServer } from '../rtsp-server/rtsp-server.js';
import { TestClient } from '../rtsp-server/testing/test-client.js';
import type { SourceSink } from '../source/source.js';
import { LiveResolver } from './live-resolver.js';
import { Relay } from './relay.js';

const CONFIG = `
version: 1
cameras:
  gate: { streams: { main: { url: "rtsp://a/1", backchannel: true }, sub: "rtsp://a/2" } }
  mute: { streams: { main: { url: "rtsp://a/3", backchannel: true } } }
`;
const REQUIRE = { Require: ONVIF_BACKCHANNEL };

const track = (direction: SdpTrack['direction']): SdpTrack => ({
  format: {
    kind: 'audio',
    codec: 'pcmu',
    payloadType: 0,
    clockRateHz: 8000,
    channels: 1,
    encodingName: 'PCMU',
    fmtp: {},
  },
  control: 'x',
  direction,
});

const voice = (sequence: number, ssrc: number, payloadType = 0): Buffer =>
  encodeRtp({ payloadType, sequence, timestamp: 0, ssrc, marker: false }, Buffer.alloc(160, 7));

describe('talking to a camera', () => {
  let server: RtspServer;
  let relay: Relay;
  let clock: ManualClock;
  let clients: TestClient[];
  let policy: AccessPolicy;
  let heard: { sequence: number; ssrc: number; bytes: number }[];
  let wake: () => void;
  let told: string[];
  let sinks: Map<string, SourceSink>;

  beforeEach(async () => {
    clock = new ManualClock();
    clients = [];
    heard = [];
    told = [];
    sinks = new Map();
    const backchannel = {
      track: track('sendonly'),
      send: (packet: Buffer): void => {
        heard.push({
          sequence: sequenceOf(packet, 0),
          ssrc: ssrcOf(packet, 0),
          bytes: packet.length,
        });
        wake();
      },
    };
    policy = new AccessPolicy({
      ann: { password: 'p', role: 'admin', cameras: undefined },
      eve: { password: 'p', role: 'viewer', cameras: undefined },
    });
    relay = new Relay({
      clock,
      closeAfterMs: 0,
      cname: 'test',
      gopCacheBytes: 1e6,
      createSource: ({ name }, stream, _, sink) => ({
        start: () => {
          sinks.set(`${name}/${stream}`, sink);
          sink.online([track('recvonly')], name === 'gate' ? backchannel : undefined);
        },
        stop: () => Promise.resolve(),
        stats: { state: 'playing' } as never,
      }),
      createPublication: () => {
        throw new Error('nothing is published');
      },
      onShown: () => undefined,
      onUnfit: () => undefined,
      onMismatch: () => undefined,
      onTalk: (...what) => told.push(what.join(' ')),
      onError: () => undefined,
    });
    relay.apply((await parseConfig(CONFIG, 'test.yaml', {})).config.cameras);
    server = new RtspServer({
      host: '127.0.0.1',
      port: 0,
      udp: true,
      clock,
      authenticator: new UserAuthenticator(policy, { realm: REALM, now: Date.now }),
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
  });

  afterEach(async () => {
    for (const { socket } of clients) socket.destroy();
    await server.close();
    await relay.close();
  });

  const connect = async (username = 'ann') => {
    const client = await TestClient.open(server.port);
    clients.push(client);
    const base = `rtsp://127.0.0.1:${server.port}/`;
    const authorizer = new ClientAuthorizer({ username, password: 'p' });
    const ask = async (
      method: string,
      path: string,
      headers: Record<string, string> = {},
    ): Promise<RtspResponse> => {
      const authorization = authorizer.authorization(method, base + path);
      const own =
        authorization === undefined ? headers : { ...headers, Authorization: authorization };
      const answer = await client.ask(method, base + path, own);
      const challenged = authorizer.challenged(
        parseChallenges(answer.headers.getAll('WWW-Authenticate')),
      );
      return answer.status === 401 && challenged ? await ask(method, path, headers) : answer;
    };
    return { client, ask };
  };

  /** Sets up picture and voice of gate; the answer to PLAY. */
  const talk = async ({ ask }: Awaited<ReturnType<typeof connect>>): Promise<RtspResponse> => {
    const described = await ask('DESCRIBE', 'gate', REQUIRE);
    if (described.status !== 200) return described;
    const Transport = 'RTP/AVP/TCP;unicast;interleaved=0-1';
    const first = await ask('SETUP', 'gate/trackID=0', { Transport });
    const Session = first.headers.get('Session')!.split(';')[0]!;
    const other = { Session, Transport: Transport.replace('0-1', '2-3'), ...REQUIRE };
    expect((await ask('SETUP', 'gate/trackID=1', other)).status).toBe(200);
    return await ask('PLAY', 'gate', { Session, ...REQUIRE });
  };

  const until = async (count: number): Promise<void> => {
    while (heard.length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };

  it('is shown to those who require it, and not to others', async () => {
    const { ask } = await connect();
    const directions = async (headers = {}): Promise<string[]> =>
      parseSdp((await ask('DESCRIBE', 'gate', headers)).body.toString()).tracks.map(
        ({ direction }) => direction,
      );
    expect(await directions()).toEqual(['sendrecv']);
    expect(await directions(REQUIRE)).toEqual(['recvonly', 'sendonly']);
  });

  it('goes to the camera as one source, whoever talks', async () => {
    const first = await connect();
    expect((await talk(first)).status).toBe(200);
    first.client.socket.write(encodeInterleaved(2, voice(1, 11)));
    first.client.socket.write(encodeInterleaved(2, voice(2, 11)));
    await until(2);
    const gone = new Promise((resolve) => first.client.socket.once('close', resolve));
    first.client.socket.destroy();
    await gone;
    const second = await connect();
    let answer = await talk(second);
    while (answer.status === 503) answer = await talk(second);
    second.client.socket.write(encodeInterleaved(2, voice(900, 22)));
    await until(3);
    const { sequence: begin, ssrc } = heard[0]!;
    expect(heard).toEqual(
      [0, 1, 2].map((step) => ({ sequence: (begin + step) & 0xffff, ssrc, bytes: 172 })),
    );
    const { stats } = relay.get('gate', 'main')!.talk!;
    expect(stats).toMatchObject({ talks: 2, packets: 3, bytes: 3 * 172 });
    expect(told).toEqual(['gate main began ann', 'gate main ended ann', 'gate main began ann']);
  });

  it('ends with the right to talk, which others need not have', async () => {
    const [talker, watcher] = [await connect(), await connect('eve')];
    expect((await talk(talker)).status).toBe(200);
    const { headers } = await watcher.ask('SETUP', 'gate/trackID=0', {
      Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1',
    });
    const Session = headers.get('Session')!.split(';')[0]!;
    policy.update({
      users: { ann: { password: 'p', role: 'viewer' }, eve: { password: 'p', role: 'viewer' } },
    });
    const closed = new Promise((resolve) => talker.client.socket.once('close', resolve));
    clock.advance(5_000);
    await closed;
    expect((await watcher.ask('PLAY', 'gate', { Session })).status).toBe(200);
  });

  it('is for one at a time, and the others are told', async () => {
    const first = await connect();
    expect((await talk(first)).status).toBe(200);
    const second = await connect();
    const refused = await second.ask('DESCRIBE', 'gate', REQUIRE);
    expect([refused.status, refused.reason]).toEqual([503, 'Somebody else talks to this camera']);
    expect((await second.ask('DESCRIBE', 'gate')).status).toBe(200);
    const { stats, taken } = relay.get('gate', 'main')!.talk!;
    expect([stats, taken]).toEqual([{ talks: 1, refused: 1, packets: 0, bytes: 0 }, true]);
    expect(told).toEqual(['gate main began ann']);
  });

  it('gives the place of one who has said nothing for five seconds', async () => {
    const [first, second] = [await connect(), await connect()];
    expect((await talk(first)).status).toBe(200);
    clock.advance(5_001);
    expect(relay.get('gate', 'main')!.talk!.taken).toBe(false);
    expect((await talk(second)).status).toBe(200);
    expect(told).toEqual(['gate main began ann', 'gate main ended ann', 'gate main began ann']);
    first.client.socket.write(encodeInterleaved(2, voice(1, 11)));
    second.client.socket.write(encodeInterleaved(2, voice(1, 22)));
    await until(1);
    expect(heard).toHaveLength(1);
  });

  it('is decided at PLAY between two who were both shown it', async () => {
    const [first, second] = [await connect(), await connect()];
    const both = await Promise.all([talk(first), talk(second)]);
    expect(both.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(both.filter(({ status }) => status === 503)).toHaveLength(1);
  });

  it.each([
    ['eve', 'gate', 403],
    ['ann', 'gate/sub', 551],
    ['ann', 'mute', 551],
  ])('is refused: %s, %s', async (user, path, status) => {
    const { ask } = await connect(user);
    const answer = await ask('DESCRIBE', path, REQUIRE);
    expect(answer.status).toBe(status);
    if (status === 551) expect(answer.headers.get('Unsupported')).toBe(ONVIF_BACKCHANNEL);
  });

  it('lets nothing through but audio of the right kind on its channel', async () => {
    const first = await connect();
    await talk(first);
    const say = (channel: number, packet: Buffer): void => {
      first.client.socket.write(encodeInterleaved(channel, packet));
    };
    say(0, voice(1, 1));
    say(3, voice(1, 1));
    say(2, voice(1, 1, 8));
    say(2, Buffer.alloc(40, 0xff));
    say(2, Buffer.concat([voice(1, 1), Buffer.alloc(4_000)]));
    sinks.get('gate/main')?.offline('closed', 'gone');
    say(2, voice(2, 1));
    sinks.get('gate/main')?.online([track('recvonly')], {
      track: track('sendonly'),
      send: (packet) => {
        heard.push({ sequence: 0, ssrc: 0, bytes: packet.length });
        wake();
      },
    });
    say(2, voice(3, 1));
    await until(1);
    expect(heard.length).toBeLessThanOrEqual(2);
    expect(heard.every(({ bytes }) => bytes === 172)).toBe(true);
  });

  it('does not disturb who watches', async () => {
    const watching = await connect('eve');
    const { headers } = await watching.ask('SETUP', 'gate/trackID=0', {
      Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1',
    });
    const Session = headers.get('Session')!.split(';')[0]!;
    await watching.ask('PLAY', 'gate', { Session });
    const sink = sinks.get('gate/main')!;
    const talking = await connect();
    await talk(talking);
    talking.client.socket.write(encodeInterleaved(2, voice(1, 11)));
    await until(1);
    talking.client.socket.destroy();
    expect(sinks.get('gate/main')).toBe(sink);
    sink.rtp(0, voice(1, 5), 0, 172);
    sink.flush();
    expect(await watching.client.next()).toMatchObject({ channel: 0 });
  });
});
