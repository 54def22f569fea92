import { connect, isIP, type Socket, type TcpSocketConnectOpts } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { OfflineReason } from '../source.js';
import { distrustOf, trustOptions, type CameraTrust } from './camera-trust.js';

/** Where a TCP connection to a camera goes. */
export interface CameraAddress {
  /** Without the brackets of IPv6, with the interface of a link-local address. */
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly trust: CameraTrust | undefined;
}

/** As requests name it: what interface we reach it by is nothing to the camera. */
export function printAuthority({ host, port }: Pick<CameraAddress, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host.replace(/%.*$/, '')}]:${port}` : `${host}:${port}`;
}

export interface CameraSocketEvents {
  /** Connected, and the camera is trusted. */
  ready(): void;
  /** Bytes, in a buffer that is used again when the call returns; absent: the socket is read by its owner. */
  data?(chunk: Buffer): void;
  failed(reason: OfflineReason, detail: string): void;
}

/**
 * What every source reads into: a chunk is parsed to its end before the next read, the parser copies what spans chunks and
 * the hub copies what it keeps. A buffer of its own per read would cost more in garbage collection than all the rest. A larger
 * one would bring keyframes whole: the last reader would see their beginning when the first has all of them, and what is
 * copied to hundreds of readers would not stay in the cache.
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/** Connects to a camera, with TLS where that is wanted. Nothing is sent to one that is not trusted. */
export function openSocket(address: CameraAddress, events: CameraSocketEvents): Socket {
  const { host, port, secure, trust } = address;
  let ready = false;
  const onread: Pick<TcpSocketConnectOpts, 'onread'> =
    events.data === undefined
      ? {}
      : {
          onread: {
            buffer: READ_BUFFER,
            callback: (bytes, buffer) => {
              events.data?.((buffer as Buffer).subarray(0, bytes));
              return true;
            },
          },
        };
  const options = { host, port, noDelay: true, keepAlive: true, ...onread };
  const begin = (): void => {
    ready = true;
    events.ready();
  };
  let socket: Socket;
  if (secure) {
    // A name in the greeting may not be an address (RFC 6066 s.3).
    const servername = isIP(host) === 0 ? { servername: host } : {};
    const inside = connectTls({ ...options, ...servername, ...trustOptions(trust) });
    inside.once('secureConnect', () => {
      const distrust = distrustOf(inside, trust);
      if (distrust === undefined) {
        begin();
        return;
      }
      events.failed('untrusted', distrust);
      inside.destroy();
    });
    socket = inside;
  } else {
    socket = connect(options);
    socket.once('connect', begin);
  }
  socket.on('error', (error: NodeJS.ErrnoException) =>
    events.failed(ready ? 'closed' : connectFailure(error), describe(error)),
  );
  return socket;
}

const UNREACHABLE_CODES: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'EADDRNOTAVAIL',
]);

function connectFailure(error: NodeJS.ErrnoException): OfflineReason {
  if (UNREACHABLE_CODES.has(error.code ?? '')) return 'unreachable';
  if (error.code?.startsWith('ERR_SSL') === true) return 'protocol';
  return error.code === 'ETIMEDOUT' ? 'timeout' : 'refused';
}

/** Happy-eyeballs failures come as an AggregateError with an empty message. */
function describe(error: NodeJS.ErrnoException): string {
  return error.message === '' ? (error.code ?? 'connection failed') : error.message;
}
