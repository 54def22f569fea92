import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AccessPolicy, REALM } from '@nightjar/access';
import { ManualClock, type MonotonicMs } from '@nightjar/common';
import { encodeRtp } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import { BatchBuilder } from '../hub/batch-builder.js';
import { UserAuthenticator } from './authenticator.js';
import type { Mount, MountStream, StreamOutput } from './mount.js';
import { RtspServer } from './rtsp-server.js';
import { TestClient } from './testing/test-client.js';

const RTCP_BYE = 203;

const track = (payloadType: number): SdpTrack => ({
  format: {
    kind: 'audio',
    codec: 'pcmu',
    payloadType,
    clockRateHz: 8000,
    channels: 1,
    encodingName: 'PCMU',
    fmtp: {},
  },
  control: '',
  direction: 'recvonly',
});

/** Counts what is asked of it; the test sends through its outputs. */
class TestMount implements Mount {
  readonly kind = 'live' as const;
  readonly outputs: StreamOutput[] = [];
  readonly done: string[] = [];
  readonly observer = {
    traffic: {
      tcp: { bytes: 0, packets: 0 },
      udp: { bytes: 0, packets: 0 },
      multicast: { bytes: 0, packets: 0 },
    },
    cut: (transport: string, reason: string) => this.done.push(`${transport} cut: ${reason}`),
  };

  constructor(readonly shared: string | undefined) {}

  describe(): ReturnType<Mount['describe']> {
    return Promise.resolve({
      name: 'test',
      sessionId: '1',
      sessionVersion: 1,
      tracks: [track(0), track(8)],
    });
  }

  open(output: StreamOutput): MountStream {
    this.outputs.push(output);
    this.done.push('opened');
    return {
      play: () => {
        this.done.push('play');
        return Promise.resolve({ rtpInfo: [{ track: 0, seq: 1, rtptime: 0 }] });
      },
      pause: () => {
        this.done.push('pause');
        return Promise.resolve({});
      },
      close: () => this.done.push('close'),
    };
  }
}

/** One packet of each track. */
function send(output: StreamOutput, sequence: number): void {
  const builder = new BatchBuilder();
  for (const [i, payloadType] of [0, 8].entries()) {
    const packet = encodeRtp(
      { payloadType, sequence, timestamp: 0, ssrc: 9 + i, marker: false },
      Buffer.alloc(40, sequence),
    );
    builder.append(i, packet, 0, packet.length);
  }
  output.batch(builder.take(0 as MonotonicMs), 0);
}

/** A member of a group on the loopback interface, and what it heard. */
class Listener {
  readonly heard: Buffer[] = [];
  private wake: () => void = () => undefined;

  private constructor(readonly socket: Socket) {
    socket.on('message', (packet) => {
      this.heard.push(packet);
      this.wake();
    });
  }

  static async join(group: string, port: number): Promise<Listener> {
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    socket.bind(port, group);
    await once(socket, 'listening');
    socket.addMembership(group, '127.0.0.1');
    return new Listener(socket);
  }

  async next(): Promise<Buffer> {
    while (this.heard.length === 0) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.heard.shift()!;
  }
}

describe('a multicast group', () => {
  let clock: ManualClock;
  let mounts: TestMount[];
  let server: RtspServer;
  let clients: TestClient[];
  let listeners: Listener[];
  let shared: string | undefined;
  let base: string;

  async function start(multicast: object = {}): Promise<void> {
    server = new RtspServer({
      host: '127.0.0.1',
      port: 0,
      udp: true,
      multicast: {
        enabled: true,
        range: '239.192.0.0/30',
        firstPort: 20_000,
        lastPort: 20_999,
        ttl: 3,
        interface: '127.0.0.1',
        ...multicast,
      },
      clock,
      authenticator: new UserAuthenticator(new AccessPolicy({}), { realm: REALM, now: Date.now }),
      resolver: {
        resolve: (path) => {
          const mount = new TestMount(shared === undefined ? undefined : `${shared}-${path}`);
          mounts.push(mount);
          return Promise.resolve(mount);
        },
      },
    });
    await server.listen();
    base = `rtsp://127.0.0.1:${server.port}/front`;
  }

  async function client(): Promise<TestClient> {
    const opened = await TestClient.open(server.port);
    clients.push(opened);
    return opened;
  }

  async function listen(group: string, port: number): Promise<Listener> {
    const joined = await Listener.join(group, port);
    listeners.push(joined);
    return joined;
  }

  /** SETUP of one track; `session` adds it to a session. */
  async function setUp(
    asking: TestClient,
    { uri = `${base}/trackID=0`, transport = 'RTP/AVP;multicast', session = '' } = {},
  ): Promise<{ status: number; session: string; group: string; port: number; header: string }> {
    const answer = await asking.ask('SETUP', uri, {
      Transport: transport,
      ...(session === '' ? {} : { Session: session }),
    });
    const header = answer.headers.get('Transport') ?? '';
    return {
      status: answer.status,
      session: answer.headers.get('Session')?.split(';')[0] ?? '',
      group: /destination=([\d.]+)/.exec(header)?.[1] ?? '',
      port: Number(/;port=(\d+)-/.exec(header)?.[1]),
      header,
    };
  }

  beforeEach(async () => {
    clock = new ManualClock();
    mounts = [];
    clients = [];
    listeners = [];
    shared = 'stream';
    await start();
  });

  afterEach(async () => {
    for (const { socket } of clients) socket.destroy();
    for (const { socket } of listeners) socket.close();
    await server.close();
  });

  it('is chosen by the server, whatever the client would like', async () => {
    const { header, group, port } = await setUp(await client(), {
      transport: 'RTP/AVP;multicast;destination=10.1.2.3;port=9-10;ttl=255',
    });
    expect(group).toMatch(/^239\.192\.0\.[0-3]$/);
    expect(header).toBe(`RTP/AVP;multicast;destination=${group};port=${port}-${port + 1};ttl=3`);
  });

  it('is one for all sessions of a stream, and other streams have others', async () => {
    const one = await setUp(await client());
    const two = await setUp(await client());
    const other = await setUp(await client(), { uri: `${base}-gate/trackID=0` });
    expect(two.header).toBe(one.header);
    expect(two.session).not.toBe(one.session);
    expect(other.group).not.toBe(one.group);
    expect(server.countSessions('multicast')).toBe(3);
  });

  it('is sent to once, from the first PLAY until the last session leaves, with a goodbye', async () => {
    const [first, second] = [await client(), await client()];
    const one = await setUp(first);
    await setUp(first, { uri: `${base}/trackID=1`, session: one.session });
    const two = await setUp(second);
    const rtp = await listen(one.group, one.port);
    const audio = await listen(one.group, one.port + 2);
    const rtcp = await listen(one.group, one.port + 1);
    for (const [asking, { session }] of [
      [first, one],
      [second, two],
    ] as const) {
      const answer = await asking.ask('PLAY', base, { Session: session });
      expect(answer.status).toBe(200);
    }
    expect(mounts.flatMap(({ done }) => done)).toEqual(['opened', 'play', 'play']);
    const playing = mounts.find(({ outputs }) => outputs.length > 0)!;
    const [output] = playing.outputs;
    expect(output!.transport).toBe('multicast');
    send(output!, 1);
    expect((await rtp.next()).readUInt16BE(2)).toBe(1);
    expect((await audio.next()).readUInt16BE(2)).toBe(1);
    output!.send(0, Buffer.from([0x80, 200, 0, 1, 0, 0, 0, 9]), true);
    expect((await rtcp.next())[1]).toBe(200);
    expect(playing.observer.traffic.multicast.packets).toBe(2);
    await first.ask('TEARDOWN', base, { Session: one.session });
    send(output!, 2);
    expect((await rtp.next()).readUInt16BE(2)).toBe(2);
    expect(playing.done).toEqual(['opened', 'play', 'play']);
    await second.ask('TEARDOWN', base, { Session: two.session });
    expect((await rtcp.next()).includes(Buffer.from([RTCP_BYE]))).toBe(true);
    expect(playing.done.at(-1)).toBe('close');
    expect([rtp.heard.length, audio.heard.length]).toEqual([0, 1]);
  });

  it('pauses when nobody plays any more, and goes on', async () => {
    const [first, second] = [await client(), await client()];
    const one = await setUp(first);
    const two = await setUp(second);
    await first.ask('PLAY', base, { Session: one.session });
    await second.ask('PLAY', base, { Session: two.session });
    await first.ask('PAUSE', base, { Session: one.session });
    const [playing] = mounts;
    expect(playing!.done).toEqual(['opened', 'play', 'play']);
    await second.ask('TEARDOWN', base, { Session: two.session });
    expect(playing!.done.at(-1)).toBe('pause');
    expect((await first.ask('PLAY', base, { Session: one.session })).status).toBe(200);
    expect(playing!.done.at(-1)).toBe('play');
  });

  it('ends all its sessions when the stream ends', async () => {
    const asking = await client();
    const { session } = await setUp(asking);
    await setUp(await client());
    await asking.ask('PLAY', base, { Session: session });
    mounts[0]!.outputs[0]!.cut('stream-removed');
    expect(server.countSessions()).toBe(0);
    for (const { done } of mounts) expect(done).toContain('multicast cut: stream-removed');
    expect(mounts[0]!.done.at(-1)).toBe('close');
    expect((await setUp(await client())).status).toBe(200);
  });

  it('is left by a client that shows no sign of life on its connection', async () => {
    const asking = await client();
    const { session } = await setUp(asking);
    await asking.ask('PLAY', base, { Session: session });
    clock.advance(60_000);
    await asking.ask('OPTIONS', base, { Session: session });
    clock.advance(60_000);
    expect(server.countSessions('multicast')).toBe(1);
    clock.advance(20_000);
    expect(server.countSessions('multicast')).toBe(0);
    expect(mounts[0]!.done).toContain('close');
  });

  it('is told by the description of ?multicast, which offers nothing else', async () => {
    const asking = await client();
    const sdp = (await asking.ask('DESCRIBE', `${base}?multicast`)).body.toString();
    const { group, port } = await setUp(asking, { uri: `${base}?multicast/trackID=1` });
    expect(sdp.match(/^[cm]=.*$/gm)).toEqual([
      `c=IN IP4 ${group}/3`,
      `m=audio ${port - 2} RTP/AVP 0`,
      `m=audio ${port} RTP/AVP 8`,
    ]);
    for (const transport of [
      'RTP/AVP/TCP;unicast;interleaved=0-1',
      'RTP/AVP;unicast;client_port=5000-5001',
    ]) {
      const refused = await setUp(asking, { uri: `${base}?multicast/trackID=0`, transport });
      expect(refused.status).toBe(461);
    }
  });

  it('leaves the plain description and unicast players alone', async () => {
    const asking = await client();
    const sdp = (await asking.ask('DESCRIBE', base)).body.toString();
    expect(sdp.match(/^[cm]=.*$/gm)).toEqual([
      'c=IN IP4 0.0.0.0',
      'm=audio 0 RTP/AVP 0',
      'm=audio 0 RTP/AVP 8',
    ]);
    for (const transport of [
      'RTP/AVP/TCP;unicast;interleaved=0-1',
      'RTP/AVP;unicast;client_port=5000-5001',
    ])
      expect((await setUp(asking, { transport })).status).toBe(200);
  });

  it.each([
    ['unicast UDP', 'RTP/AVP;unicast;client_port=5000-5001'],
    ['TCP', 'RTP/AVP/TCP;unicast;interleaved=0-1'],
  ])('is not mixed with %s in one session', async (_, other) => {
    const asking = await client();
    const uri = `${base}/trackID=1`;
    const grouped = await setUp(asking);
    expect((await setUp(asking, { uri, transport: other, session: grouped.session })).status).toBe(
      461,
    );
    const alone = await setUp(asking, { transport: other });
    expect((await setUp(asking, { uri, session: alone.session })).status).toBe(461);
  });

  it('is refused when every address is in use, and found again when one is free', async () => {
    const holders: TestClient[] = [];
    for (let i = 0; i < 4; i++) {
      const holder = await client();
      holders.push(holder);
      expect((await setUp(holder, { uri: `${base}${i}/trackID=0` })).status).toBe(200);
    }
    const late = await client();
    expect((await setUp(late, { uri: `${base}9/trackID=0` })).status).toBe(503);
    expect((await setUp(late, { uri: `${base}2/trackID=0` })).status).toBe(200);
    const gone = once(holders[0]!.socket, 'close');
    holders[0]!.socket.destroy();
    await gone;
    for (;;) {
      const { status } = await setUp(late, { uri: `${base}9/trackID=0` });
      if (status === 200) break;
      expect(status).toBe(503);
    }
  });

  it('is not offered for what each session plays for itself', async () => {
    shared = undefined;
    const asking = await client();
    expect((await setUp(asking)).status).toBe(461);
    const sdp = (await asking.ask('DESCRIBE', `${base}?multicast`)).body.toString();
    expect(sdp).toContain('c=IN IP4 0.0.0.0');
  });

  it.each([
    ['nothing to choose from', 'RTP/AVP;multicast;port=x-y', 461],
    ['a ttl that is none', 'RTP/AVP;multicast;ttl=256', 461],
    ['recording', 'RTP/AVP;multicast;mode=RECORD', 455],
    ['a second choice', 'RTP/SAVP;multicast,RTP/AVP;multicast', 200],
  ])('answers %s', async (_, transport, status) => {
    expect((await setUp(await client(), { transport })).status).toBe(status);
  });

  it('is refused where it is not enabled', async () => {
    await server.close();
    await start({ enabled: false });
    expect((await setUp(await client())).status).toBe(461);
  });

  it('does not start with a range that has no groups', async () => {
    const before = server;
    await expect(start({ range: '10.0.0.0/8' })).rejects.toMatchObject({
      code: 'rtsp/multicast-range',
    });
    await server.close();
    server = before;
  });
});
