import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { keyPairOf } from '@nightjar/config';
import { encodeRtp } from '@nightjar/rtp';
import {
  encodeInterleaved,
  printResponse,
  RtspHeaders,
  RtspStreamParser,
  type RtspRequest,
} from '@nightjar/rtsp';
import { WebSocketServer, type WebSocket } from 'ws';
import { SilentConnections } from '../../limits/silent-connections.js';
import type { ByteStream } from '../../rtsp-server/carriage/byte-stream.js';
import { Doorway } from '../../rtsp-server/carriage/doorway.js';
import { makeSelfSigned } from '../../rtsp-server/carriage/self-signed.js';
import { TlsDoor } from '../../rtsp-server/carriage/tls-door.js';
import { createRtspSource, type RtspSourceOptions } from '../rtsp-source.js';
import type { Source } from '../source.js';
import { StartGate } from '../start-gate.js';
import { NotingSink } from '../testing/camera.js';

const SDP = 'v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:t0\r\n';
const FILES = { certFile: 'cert', keyFile: 'key' };
const PAIR = keyPairOf(makeSelfSigned(['127.0.0.1'], Date.now()), FILES);
const SHA256 = new X509Certificate(PAIR.cert).fingerprint256;
const OWN_CA = { ca: PAIR.cert, fingerprint: undefined, insecure: false };

/** A camera that may be reached in every way, and answers plainly unless it redirects. */
class ManyFacedCamera {
  readonly requests: RtspRequest[] = [];
  readonly carriers: string[] = [];
  readonly sockets: Socket[] = [];
  location: string | undefined;
  stream: ByteStream | undefined;
  private readonly doorway = new Doorway({
    clock: new ManualClock(),
    silent: new SilentConnections(new ManualClock()),
    tls: new TlsDoor(PAIR),
    arrived: (stream, head) => this.serve(stream, head),
  });
  private readonly server: Server = createServer((socket) => {
    this.sockets.push(socket);
    this.doorway.admit(socket);
  });

  async open(): Promise<number> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.doorway.close();
    this.server.close();
    await once(this.server, 'close');
  }

  private serve(stream: ByteStream, head: Buffer): void {
    this.stream = stream;
    this.carriers.push(`${stream.peer.via}${stream.peer.secure ? ' in TLS' : ''}`);
    const parser = new RtspStreamParser({
      message: (message) => {
        if (message.kind === 'request') this.answer(message, stream);
      },
      interleaved: () => undefined,
    });
    stream.open({
      data: (chunk) => parser.push(chunk),
      ended: () => stream.close(),
      closed: () => undefined,
    });
    if (head.length > 0) parser.push(head);
  }

  private answer(request: RtspRequest, stream: ByteStream): void {
    this.requests.push(request);
    const headers = RtspHeaders.from({ CSeq: request.headers.get('CSeq') ?? '' });
    if (this.location !== undefined && request.method === 'DESCRIBE') {
      headers.append('Location', this.location);
      this.location = undefined;
      stream.write(printResponse({ status: 302, headers, body: Buffer.alloc(0) }));
      return;
    }
    if (request.method === 'SETUP') {
      headers.append('Session', 'abc');
      headers.append('Transport', request.headers.get('Transport') ?? '');
    }
    const body = Buffer.from(request.method === 'DESCRIBE' ? SDP : '');
    stream.write(printResponse({ status: 200, headers, body }));
    if (request.method !== 'PLAY') return;
    const packet = { payloadType: 96, sequence: 7, timestamp: 1, ssrc: 1, marker: true };
    stream.write(encodeInterleaved(0, encodeRtp(packet, Buffer.from('x'))));
  }
}

describe('a camera that is reached', () => {
  let camera: ManyFacedCamera;
  let port: number;
  let clock: ManualClock;
  let sink: NotingSink;
  let source: Source | undefined;
  const servers: Server[] = [];

  beforeEach(async () => {
    camera = new ManyFacedCamera();
    port = await camera.open();
    clock = new ManualClock();
    sink = new NotingSink();
  });

  afterEach(async () => {
    await source?.stop();
    await camera.close();
    for (const server of servers.splice(0)) server.close();
  });

  function start(options: Partial<RtspSourceOptions>): Source {
    const log = (): void => undefined;
    source = createRtspSource(
      {
        url: `rtsp://127.0.0.1:${port}/live`,
        transport: 'auto',
        inactivityMs: 5_000,
        reconnect: { initialMs: 1_000, maxMs: 8_000 },
        gate: new StartGate(clock, { spacingMs: 0 }),
        clock,
        log: { debug: log, info: log, warn: log },
        ...options,
      },
      sink,
    );
    source.start();
    return source;
  }
  const rtsps = (): string => `rtsps://127.0.0.1:${port}/live`;

  it.each([
    ['by rtsps', 'auto', true, 'direct in TLS'],
    ['through HTTP', 'http', false, 'http'],
    ['through HTTPS', 'http', true, 'http in TLS'],
    ['by a WebSocket', 'websocket', false, 'websocket'],
    ['by a WebSocket in TLS', 'websocket', true, 'websocket in TLS'],
  ] as const)(
    '%s plays, and is left in good manners',
    async (_what, transport, secure, carrier) => {
      const running = start({
        transport,
        trust: OWN_CA,
        ...(secure ? { url: rtsps() } : {}),
      });
      await sink.seen('rtp 7');
      expect(running.stats).toMatchObject({ state: 'playing', transport: 'tcp' });
      await running.stop();
      expect(camera.carriers).toEqual([carrier]);
      expect(camera.requests.map(({ method }) => method)).toEqual([
        'OPTIONS',
        'DESCRIBE',
        'SETUP',
        'PLAY',
        'TEARDOWN',
      ]);
      // What is asked for is what is configured, whatever it goes through.
      expect(camera.requests[1]!.uri).toBe(secure ? rtsps() : `rtsp://127.0.0.1:${port}/live`);
    },
  );

  it.each([
    ['websocket', 'ws', 'websocket'],
    ['websocket', 'wss', 'websocket in TLS'],
    ['http', 'http', 'http'],
    ['http', 'https', 'http in TLS'],
  ] as const)(
    'at another port than its URL names, where that is said: %s by %s',
    async (transport, scheme, carrier) => {
      start({
        url: 'rtsp://127.0.0.1:9/live',
        transport,
        via: `${scheme}://127.0.0.1:${port}/rtsp`,
        trust: OWN_CA,
      });
      await sink.seen('rtp 7');
      expect(camera.carriers).toEqual([carrier]);
    },
  );

  describe('by TLS', () => {
    it.each([
      ['its pinned certificate', SHA256],
      ['its pinned certificate, written otherwise', SHA256.replaceAll(':', '').toLowerCase()],
    ])('is taken by %s, whoever vouches for it', async (_what, fingerprint) => {
      start({ url: rtsps(), trust: { ca: undefined, fingerprint, insecure: false } });
      await sink.seen('rtp 7');
    });

    it('is taken with any certificate where that is said', async () => {
      start({ url: rtsps(), trust: { ca: undefined, fingerprint: undefined, insecure: true } });
      await sink.seen('rtp 7');
    });

    it.each([
      ['nobody vouches for', undefined, 'tls.caFile'],
      [
        'is another than the pinned one',
        { ca: PAIR.cert, fingerprint: 'ab'.repeat(32), insecure: false },
        'another than the one in tls.fingerprint',
      ],
      [
        'another authority vouches for',
        { ...OWN_CA, ca: makeSelfSigned(['127.0.0.1'], Date.now()).cert },
        'not trusted',
      ],
    ])('is sent nothing with a certificate that %s', async (_what, trust, words) => {
      const running = start({ url: rtsps(), trust });
      await sink.seen('offline untrusted');
      expect(running.stats.lastError).toContain(words);
      expect(running.stats.lastError).toContain(SHA256);
      expect(camera.requests).toEqual([]);
    });

    it('is not taken under a name that its certificate has not', async () => {
      const running = start({ url: `rtsps://localhost:${port}/live`, trust: OWN_CA });
      await sink.seen('offline untrusted');
      expect(running.stats.lastError).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
    });
  });

  /** A server that answers everything with this. */
  async function answering(text: string): Promise<number> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => socket.write(text));
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  it.each([
    ['http', 'HTTP/1.1 404 Not Found\r\n\r\n', 'answers the tunnel with 404 Not Found'],
    ['http', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 'answers the tunnel with no HTTP'],
    ['http', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(100)}`, 'answers the tunnel with no HTTP'],
    ['websocket', 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n', '404'],
    ['websocket', 'hello\r\n\r\n', 'WebSocket: '],
  ] as const)('by %s is given up for now when it answers %j', async (transport, text, words) => {
    const running = start({
      url: `rtsp://127.0.0.1:${await answering(text)}/live`,
      transport,
    });
    await sink.seen('offline refused');
    expect(running.stats.lastError).toContain(words);
  });

  it('by a WebSocket need not name the protocol (MediaMTX)', async () => {
    const server = new WebSocketServer({
      host: '127.0.0.1',
      port: 0,
      handleProtocols: () => false,
    });
    await once(server, 'listening');
    const connected = once(server, 'connection');
    const address = server.address() as AddressInfo;
    start({ url: `rtsp://127.0.0.1:${address.port}/live`, transport: 'websocket' });
    const [webSocket] = (await connected) as [WebSocket];
    const [message] = (await once(webSocket, 'message')) as [Buffer];
    expect(message.toString()).toMatch(/^OPTIONS rtsp:/);
    webSocket.terminate();
    server.close();
  });

  it('through HTTP may close the POST: it is opened anew', async () => {
    const running = start({ transport: 'http' });
    await sink.seen('rtp 7');
    const [, post] = camera.sockets;
    post!.destroy();
    await once(post!, 'close');
    while (camera.sockets.length < 3) {
      clock.advance(1_000);
      camera.stream?.write(encodeInterleaved(0, Buffer.alloc(0)));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await running.stop();
    expect(camera.requests.at(-1)?.method).toBe('TEARDOWN');
  });

  describe('and redirects', () => {
    it('is followed into TLS on its own host', async () => {
      camera.location = rtsps();
      start({ trust: OWN_CA });
      await sink.seen('rtp 7');
      expect(camera.carriers).toEqual(['direct', 'direct in TLS']);
    });

    it.each([
      ['out of TLS', () => rtsps(), () => `rtsp://127.0.0.1:${port}/live`],
      [
        'to a host that is not allowed',
        () => `rtsp://127.0.0.1:${port}/live`,
        () => `rtsp://localhost:${port}/live`,
      ],
    ])('is not followed %s', async (_what, from, to) => {
      camera.location = to();
      const running = start({ url: from(), trust: OWN_CA });
      await sink.seen('offline refused');
      expect(running.stats.lastError).toContain('to another host or out of TLS');
    });

    it('is followed to a host that is allowed', async () => {
      camera.location = `rtsp://LOCALHOST:${port}/live`;
      start({ redirectHosts: ['localhost'] });
      await sink.seen('rtp 7');
      expect(camera.requests.at(-1)!.uri).toBe(`rtsp://localhost:${port}/live`);
    });
  });
});
