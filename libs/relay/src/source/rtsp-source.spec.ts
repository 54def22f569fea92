import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ManualClock } from '@nightjar/common';
import { encodeBye, encodeRtp } from '@nightjar/rtp';
import { encodeInterleaved, parseTransport, type RtspRequest } from '@nightjar/rtsp';
import type { RtspSourceOptions } from './rtsp-source.js';
import type { Source } from './source.js';
import type { Camera, NotingSink, Reply } from './testing/camera.js';
import { SourceBench, until } from './testing/source-bench.js';

const rtp = (sequence: number): Buffer =>
  encodeRtp(
    { payloadType: 96, sequence, timestamp: sequence, ssrc: 1, marker: true },
    Buffer.from('x'),
  );

let bench: SourceBench;
let camera: Camera;
let clock: ManualClock;
let sink: NotingSink;
let source: Source;

const make = (options: Partial<RtspSourceOptions> = {}): void => {
  source = bench.make(options);
};

beforeEach(async () => {
  bench = new SourceBench();
  ({ camera, clock, sink } = bench);
  await bench.open();
});

afterEach(() => bench.close());

describe('RtspSource over TCP', () => {
  it('plays, hands packets on and tears down', async () => {
    make();
    source.start();
    await sink.seen('online');
    camera.media(rtp(1));
    await sink.seen('rtp 1');
    await sink.seen('flush');
    expect(source.stats).toMatchObject({
      state: 'playing',
      connects: 1,
      packets: 1,
      bytes: 13,
      transport: 'tcp',
      lastPacketAtMs: clock.wallMs(),
    });
    await source.stop();
    expect(camera.methods).toEqual(['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY', 'TEARDOWN']);
    expect(sink.log.at(-1)).toBe('offline stopped');
    expect(source.stats.state).toBe('idle');
  });

  it('takes media that comes before the PLAY response', async () => {
    camera.script = (request, socket) => {
      if (request.method === 'PLAY') socket.write(encodeInterleaved(0, rtp(7)));
      return undefined;
    };
    make();
    source.start();
    await sink.seen('rtp 7');
    expect(sink.log.slice(0, 2)).toEqual(['online', 'rtp 7']);
    expect(sink.times('online')).toBe(1);
  });

  it('reconnects with backoff after the camera closed, and plays on', async () => {
    make();
    source.start();
    await sink.seen('online');
    camera.connections[0]?.end();
    await sink.seen('offline closed');
    expect(source.stats.state).toBe('waiting');
    clock.advance(499);
    expect(camera.connections).toHaveLength(1);
    await bench.retry();
    await sink.seen('online', 2);
    expect(source.stats.connects).toBe(2);
  });

  it('ends a stalled session with TEARDOWN and returns', async () => {
    make();
    source.start();
    await sink.seen('online');
    camera.media(rtp(1));
    await sink.seen('rtp 1');
    clock.advance(5_001);
    expect(sink.log.at(-1)).toBe('offline stalled');
    await until(() => camera.methods.includes('TEARDOWN'));
    await bench.retry();
    await sink.seen('online', 2);
  });

  it('takes BYE for the end', async () => {
    make();
    source.start();
    await sink.seen('online');
    camera.media(rtp(1));
    camera.media(encodeBye({ ssrc: 1, cname: 'cam' }), 1);
    await sink.seen('offline closed');
  });

  it('keeps the session alive without waiting for answers', async () => {
    camera.script = (request) =>
      request.method === 'OPTIONS'
        ? { headers: { Public: 'GET_PARAMETER' } }
        : request.method === 'GET_PARAMETER'
          ? 'mute'
          : undefined;
    make({ inactivityMs: 600_000 });
    source.start();
    await sink.seen('online');
    clock.advance(50_000);
    await until(() => camera.methods.filter((method) => method === 'GET_PARAMETER').length === 2);
    expect(source.stats.state).toBe('playing');
  });

  it.each([
    [404, 'offline not-found'],
    [500, 'offline refused'],
  ])('tells of a refusal with %d', async (status, line) => {
    camera.script = (request) => (request.method === 'DESCRIBE' ? { status } : undefined);
    make();
    source.start();
    await sink.seen(line);
  });

  it('tells of a camera that is not there', async () => {
    await camera.close();
    make();
    source.start();
    await sink.seen('offline refused');
  });

  it('tells of a camera that does not answer', async () => {
    camera.script = () => 'mute';
    make();
    source.start();
    await until(() => camera.requests.length === 1);
    clock.advance(10_000);
    await sink.seen('offline timeout');
  });

  it('tells of a peer that does not speak RTSP', async () => {
    camera.script = (_, socket) => {
      socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
      return 'mute';
    };
    make();
    source.start();
    await sink.seen('offline protocol');
  });

  it('gives up after its tries and starts again when told', async () => {
    camera.script = (request) => (request.method === 'DESCRIBE' ? { status: 500 } : undefined);
    make({ reconnect: { initialMs: 10, maxMs: 10, tries: 1 } });
    source.start();
    await sink.seen('offline refused');
    await bench.retry();
    await sink.seen('offline refused', 2);
    expect(source.stats.state).toBe('given-up');
    await until(() => camera.connections.every((socket) => socket.destroyed));
    clock.advance(60_000);
    expect(camera.connections).toHaveLength(2);
    camera.script = () => undefined;
    source.start();
    await sink.seen('online');
  });

  it('starts again at once when told while the connection that it gave up is closing', async () => {
    camera.script = (request) => (request.method === 'DESCRIBE' ? { status: 500 } : undefined);
    const offline = sink.offline.bind(sink);
    sink.offline = (reason) => {
      offline(reason);
      if (source.stats.state !== 'given-up') return;
      camera.script = () => undefined;
      source.start();
      expect(() => source.start()).toThrow('already started');
    };
    make({ reconnect: { initialMs: 10, maxMs: 10, tries: 1 } });
    source.start();
    await bench.retry();
    await sink.seen('online');
    expect(camera.connections).toHaveLength(3);
  });

  it('follows redirects on the same host, a few', async () => {
    let hops = 0;
    camera.script = (request) => {
      if (request.method !== 'DESCRIBE' || request.uri.endsWith('/2')) return undefined;
      hops += 1;
      return { status: 302, headers: { Location: `rtsp://127.0.0.1:${bench.port}/${hops}` } };
    };
    make();
    source.start();
    await sink.seen('online');
    expect(sink.log).toEqual(['online']);
    await source.stop();
    camera.script = (request) =>
      request.method === 'DESCRIBE'
        ? { status: 301, headers: { Location: request.uri } }
        : undefined;
    const before = camera.connections.length;
    source.start();
    await sink.seen('offline refused');
    expect(camera.connections).toHaveLength(before + 4);
  });

  it('stops while it connects, waits or has not begun', async () => {
    camera.script = () => 'mute';
    make();
    await source.stop();
    expect(sink.log).toEqual([]);
    source.start();
    expect(() => source.start()).toThrow('already started');
    await source.stop();
    source.start();
    await until(() => camera.requests.length > 0);
    await Promise.all([source.stop(), source.stop()]);
    expect(sink.log).toEqual(['offline stopped', 'offline stopped']);
  });
});

describe('RtspSource over UDP', () => {
  let rtpSocket: UdpSocket;
  let punched: Buffer[];
  let target: [number, number];

  const udpOnly = (request: RtspRequest): Reply | undefined => {
    if (request.method !== 'SETUP') return undefined;
    const spec = parseTransport(request.headers.get('Transport') ?? '')[0];
    if (spec?.clientPort === undefined) return { status: 461 };
    target = spec.clientPort;
    const transport = `RTP/AVP;unicast;client_port=${target.join('-')};server_port=${rtpSocket.address().port}-9`;
    return { headers: { Session: 'u', Transport: transport } };
  };

  beforeEach(async () => {
    punched = [];
    rtpSocket = createSocket('udp4');
    rtpSocket.on('message', (datagram) => punched.push(datagram));
    rtpSocket.bind(0, '127.0.0.1');
    await once(rtpSocket, 'listening');
    camera.script = udpOnly;
  });

  afterEach(() => void rtpSocket.close());

  it('is used when TCP is refused; an even port, a hole punched, packets in order', async () => {
    make();
    source.start();
    await sink.seen('online');
    expect(target[0] % 2).toBe(0);
    expect(target[1]).toBe(target[0] + 1);
    await until(() => punched.length === 1);
    for (const sequence of [1, 3, 2]) rtpSocket.send(rtp(sequence), target[0], '127.0.0.1');
    await sink.seen('rtp 3');
    expect(sink.log.filter((line) => line.startsWith('rtp'))).toEqual(['rtp 1', 'rtp 2', 'rtp 3']);
    expect(source.stats.transport).toBe('udp');
  });

  it('hears the camera alone', async () => {
    make();
    source.start();
    await sink.seen('online');
    const stranger = createSocket('udp4');
    stranger.bind(0, '127.0.0.2');
    await once(stranger, 'listening');
    stranger.send(rtp(5), target[0], '127.0.0.1');
    await until(() => source.stats.dropped.address === 1);
    rtpSocket.send(rtp(1), target[0], '127.0.0.1');
    await sink.seen('rtp 1');
    stranger.close();
    const otherPort = createSocket('udp4');
    otherPort.send(rtp(2), target[0], '127.0.0.1');
    await until(() => source.stats.dropped.address === 2);
    otherPort.close();
    expect(source.stats.packets).toBe(1);
  });

  it('gives way to TCP when no datagram comes within 4 s, over a new connection', async () => {
    camera.script = (request) =>
      request.headers.get('Transport')?.includes('TCP') === true ? undefined : udpOnly(request);
    make({ transport: 'udp' });
    source.start();
    await sink.seen('online');
    clock.advance(4_000);
    await sink.seen('online', 2);
    expect(camera.connections).toHaveLength(2);
    expect(camera.methods.slice(4)).toEqual(['TEARDOWN', 'OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY']);
    expect(sink.log).toEqual(['online', 'offline stalled', 'online']);
    expect(source.stats.transport).toBe('tcp');
  });

  it('falls to TCP on 461 over the same connection', async () => {
    camera.script = (request) =>
      request.headers.get('Transport')?.includes('client_port') === true
        ? { status: 461 }
        : undefined;
    make({ transport: 'udp' });
    source.start();
    await sink.seen('online');
    expect(camera.connections).toHaveLength(1);
    expect(source.stats.transport).toBe('tcp');
  });
});

describe('RtspSource from a multicast group', () => {
  const GROUP = '239.255.77.1';
  let sender: UdpSocket;
  let rtpPort: number;
  let heard: Buffer[];

  /** A port whose neighbour is free too, to send from and to: everybody may share it. */
  async function bindSender(): Promise<void> {
    heard = [];
    sender = createSocket({ type: 'udp4', reuseAddr: true });
    sender.bind(0, '127.0.0.1');
    await once(sender, 'listening');
    sender.setMulticastInterface('127.0.0.1');
    rtpPort = 40_000 + (sender.address().port % 10_000) * 2;
  }

  const group = (request: RtspRequest): Reply | undefined => {
    if (request.method !== 'SETUP') return undefined;
    if (request.headers.get('Transport')?.includes('multicast') !== true) return undefined;
    const transport = `RTP/AVP;multicast;destination=${GROUP};port=${rtpPort}-${rtpPort + 1};ttl=1`;
    return { headers: { Session: 'm', Transport: transport } };
  };

  /** Sends until it is heard: nobody tells when a group is joined. */
  async function sendUntil(condition: () => boolean, packet: Buffer, from = sender): Promise<void> {
    await until(condition, () => from.send(packet, rtpPort, GROUP));
  }

  beforeEach(async () => {
    await bindSender();
    camera.script = group;
  });

  afterEach(() => void sender.close());

  it('hears the group, on the interface of the camera, and reports to it', async () => {
    const reports = createSocket({ type: 'udp4', reuseAddr: true });
    reports.on('message', (datagram) => heard.push(datagram));
    reports.bind(rtpPort + 1, GROUP);
    await once(reports, 'listening');
    reports.addMembership(GROUP, '127.0.0.1');
    make({ transport: 'multicast' });
    source.start();
    await sink.seen('online');
    await sendUntil(() => source.stats.packets > 0, rtp(1));
    expect(source.stats.transport).toBe('multicast');
    expect(sink.log).toContain('rtp 1');
    clock.advance(5_000);
    await until(() => heard.length > 0);
    // A receiver report.
    expect(heard[0]![1]).toBe(201);
    reports.close();
  });

  it('hears nobody else there', async () => {
    const stranger = createSocket('udp4');
    stranger.bind(0, '127.0.0.2');
    await once(stranger, 'listening');
    stranger.setMulticastInterface('127.0.0.1');
    make({ transport: 'multicast' });
    source.start();
    await sink.seen('online');
    await sendUntil(() => source.stats.dropped.address > 0, rtp(9), stranger);
    expect(source.stats.packets).toBe(0);
    await sendUntil(() => source.stats.packets > 0, rtp(1));
    stranger.close();
  });

  it('gives way to TCP when nothing comes from the group, over a new connection', async () => {
    make({ transport: 'multicast' });
    source.start();
    await sink.seen('online');
    clock.advance(4_000);
    await sink.seen('online', 2);
    expect(sink.log).toEqual(['online', 'offline stalled', 'online']);
    expect(source.stats.transport).toBe('tcp');
    expect(camera.connections).toHaveLength(2);
  });

  it('gives way to TCP when the group cannot be joined', async () => {
    const taken = createSocket('udp4');
    taken.bind(rtpPort, GROUP);
    await once(taken, 'listening');
    make({ transport: 'multicast' });
    source.start();
    await until(() => source.stats.transport === 'tcp');
    expect(camera.methods).toContain('TEARDOWN');
    taken.close();
  });
});
