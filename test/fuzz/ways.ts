import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';

const WEBSOCKET_BINARY = 0x82;
const MASKED = 0x80;
const NO_MASK = Buffer.alloc(4);
/** Between the halves of a tunnel, and before a WebSocket may be used. */
const ANSWER_MS = 300;

/** Where to, and from where. */
export interface Place {
  /** Of the RTSP server. */
  readonly port: number;
  /** Of the API, ONVIF, and tunnels. */
  readonly httpPort: number;
  readonly localAddress: string;
}

/** What a conversation is said through. */
export interface Line {
  /** Takes what is said. */
  readonly up: Duplex;
  /** Brings what is answered; the same as `up` but in a tunnel. */
  readonly down: Duplex;
  /** Turns a piece of RTSP into what goes over the wire. */
  readonly wrap: (piece: Buffer) => Buffer;
}

/** How what is said is carried to the server. */
export interface Way {
  readonly name: string;
  /** What is said on it. */
  readonly carries: 'rtsp' | 'http';
  open(place: Place, spoil: (head: Buffer) => Buffer): Promise<Line>;
}

type Connect = (place: Place) => Duplex;

const HOST = '127.0.0.1';
const plain: Connect = ({ port, localAddress }) =>
  quiet(connect({ port, host: HOST, localAddress }));
const secure: Connect = (place) =>
  quiet(connectTls({ socket: plain(place), rejectUnauthorized: false }));
/** The HTTP port. */
const web: Connect = ({ httpPort: port, localAddress }) =>
  quiet(connect({ port, host: HOST, localAddress }));

const rtsp = (name: string, open: Way['open']): Way => ({ name, carries: 'rtsp', open });

/** All of them, of which none is served by other code than the rest. */
export const WAYS: readonly Way[] = [
  rtsp('rtsp', (place) => Promise.resolve(direct(plain(place)))),
  rtsp('rtsps', (place) => Promise.resolve(direct(secure(place)))),
  rtsp('http', (place, spoil) => tunnel(plain, place, spoil)),
  rtsp('https', (place, spoil) => tunnel(secure, place, spoil)),
  rtsp('ws', (place, spoil) => webSocket(plain, place, spoil)),
  rtsp('wss', (place, spoil) => webSocket(secure, place, spoil)),
  rtsp('http-port-tunnel', (place, spoil) => tunnel(web, place, spoil)),
  rtsp('http-port-ws', (place, spoil) => webSocket(web, place, spoil)),
  { name: 'api', carries: 'http', open: (place) => Promise.resolve(direct(web(place))) },
];

function direct(stream: Duplex): Line {
  return { up: stream, down: stream, wrap: (piece) => piece };
}

async function tunnel(via: Connect, place: Place, spoil: (head: Buffer) => Buffer): Promise<Line> {
  const cookie = randomBytes(12).toString('hex');
  const head = (method: string): Buffer =>
    Buffer.from(
      `${method} /front HTTP/1.0\r\nx-sessioncookie: ${cookie}\r\nContent-Type: application/x-rtsp-tunnelled\r\nContent-Length: 32767\r\n\r\n`,
    );
  const down = via(place);
  down.write(spoil(head('GET')));
  await heard(down);
  const up = via(place);
  up.write(spoil(head('POST')));
  return { up, down, wrap: (piece) => Buffer.from(piece.toString('base64')) };
}

async function webSocket(
  via: Connect,
  place: Place,
  spoil: (head: Buffer) => Buffer,
): Promise<Line> {
  const stream = via(place);
  const key = randomBytes(16).toString('base64');
  stream.write(
    spoil(
      Buffer.from(
        `GET /front HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: rtsp.onvif.org\r\n\r\n`,
      ),
    ),
  );
  await heard(stream);
  return { up: stream, down: stream, wrap: frameOf };
}

/** One binary message (RFC 6455 s.5.2), masked with zeroes. */
function frameOf(piece: Buffer): Buffer {
  const head = Buffer.alloc(piece.length < 126 ? 2 : 4);
  head[0] = WEBSOCKET_BINARY;
  if (piece.length < 126) head[1] = MASKED | piece.length;
  else {
    head[1] = MASKED | 126;
    head.writeUInt16BE(Math.min(piece.length, 0xffff), 2);
  }
  return Buffer.concat([head, NO_MASK, piece]);
}

function quiet<Stream extends Duplex>(stream: Stream): Stream {
  return stream.on('error', () => undefined);
}

/** Something was said, or nobody says anything; what was said stays to be read. */
async function heard(stream: Duplex): Promise<void> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  await once(stream, 'readable', { signal }).catch(() => undefined);
}
