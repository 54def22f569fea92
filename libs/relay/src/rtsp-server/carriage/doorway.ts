import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { NightjarError, messageOf, type Clock } from '@nightjar/common';
import {
  WEBSOCKET_PROTOCOL,
  parseTunnelRequest,
  printHttpRefusal,
  printTunnelOpened,
  type HttpRequestHead,
} from '@nightjar/rtsp';
import { WebSocketServer } from 'ws';
import type { SilentConnections, SilentEnd } from '../../limits/silent-connections.js';
import type { ByteStream, Peer } from './byte-stream.js';
import { readProxyHeader } from './proxy-header.js';
import { Entrance, type EntranceEvents } from './entrance.js';
import { SocketStream } from './socket-stream.js';
import type { TlsDoor } from './tls-door.js';
import { Tunnels } from './tunnels.js';
import { WebSocketStream } from './web-socket-stream.js';

/** One WebSocket message; interleaved frames are of 64 KiB at most, and a message may hold several. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;
const NO_BYTES = Buffer.alloc(0);
const ANY_ORIGIN = '*';

export interface DoorwayOptions {
  readonly clock: Clock;
  /** Where those are that have not said what they carry. */
  readonly silent: SilentConnections;
  /** Undefined: TLS is not spoken here. */
  readonly tls?: TlsDoor | undefined;
  /** Whether tunnels and WebSockets must come through TLS. */
  readonly requireTls?: boolean | undefined;
  /** Web pages whose scripts may open WebSockets, as browsers name them in `Origin`; `*` is any. */
  readonly origins?: readonly string[] | undefined;
  /** Secret that processes of ours share, which pass connections on to here. Absent: nobody may. */
  readonly proxyKey?: Buffer | undefined;
  /** RTSP begins. `head` was read already; nothing more is read before the stream is opened. */
  readonly arrived: (stream: ByteStream, head: Buffer) => void;
  /** A connection ended before it was known what it carries. */
  readonly ended?: ((how: 'closed' | SilentEnd) => void) | undefined;
}

/** What the configuration says of a doorway. */
export type DoorwaySettings = Pick<DoorwayOptions, 'tls' | 'requireTls' | 'origins' | 'proxyKey'>;

/**
 * Lets connections of a port in by what they carry: RTSP, TLS, HTTP tunnels and WebSockets, and the last two and RTSP
 * inside TLS. Nobody has to log in here: that is RTSP's, for all of them (ONVIF Core s.5.9.1).
 */
export class Doorway {
  private readonly entrances = new Set<Entrance>();
  private readonly tunnels: Tunnels;
  private readonly webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols: () => WEBSOCKET_PROTOCOL,
  });
  private readonly events: EntranceEvents = {
    rtsp: (entrance, head) => {
      this.entrances.delete(entrance);
      this.options.arrived(this.streamOf(entrance), head);
    },
    http: (entrance, request, rest) => {
      this.entrances.delete(entrance);
      const stream = this.streamOf(entrance);
      try {
        this.admitHttp(entrance.socket, stream, request, rest);
      } catch (error) {
        refuse(stream, error);
      }
    },
    malformed: (entrance, error) => {
      this.entrances.delete(entrance);
      refuse(this.streamOf(entrance), error);
    },
    tls: (entrance, head, secured) => {
      this.options.tls?.enter(entrance.socket, head, secured);
      return this.options.tls !== undefined;
    },
    proxied: (bytes) => this.readClient(bytes),
    ended: (entrance, how) => {
      this.entrances.delete(entrance);
      this.options.ended?.(how);
    },
  };

  constructor(private readonly options: DoorwayOptions) {
    this.tunnels = new Tunnels(options.clock, (tunnel) => options.arrived(tunnel, NO_BYTES));
  }

  /** Connections of which it is not known yet what they carry. */
  get pending(): number {
    return this.entrances.size;
  }

  /** Takes a connection that nobody has read from. */
  admit(socket: Socket): void {
    this.entrances.add(new Entrance(socket, this.options.silent, this.events));
  }

  /** Ends what has not arrived. */
  close(): void {
    for (const entrance of this.entrances) entrance.drop();
    this.entrances.clear();
    this.tunnels.closeUnpaired();
    this.webSockets.close();
  }

  private readClient(bytes: Buffer): ReturnType<typeof readProxyHeader> | undefined {
    const { proxyKey } = this.options;
    try {
      return proxyKey && readProxyHeader(bytes, proxyKey);
    } catch {
      // Who forges it is told nothing.
      return undefined;
    }
  }

  private streamOf({ socket, address, secure }: Entrance): SocketStream {
    return new SocketStream(socket, { address, secure, via: 'direct' });
  }

  private admitHttp(
    socket: Socket,
    stream: SocketStream,
    request: HttpRequestHead,
    rest: Buffer,
  ): void {
    const wanted = parseTunnelRequest(request);
    if (this.options.requireTls === true && !stream.peer.secure)
      throw refusal(403, 'only over TLS: https or wss');
    switch (wanted.kind) {
      case 'get':
        this.tunnels.open(stream, wanted.cookie);
        stream.write(printTunnelOpened());
        break;
      case 'post':
        this.tunnels.attach(stream, wanted.cookie, rest);
        break;
      case 'websocket':
        if (!this.mayComeFrom(wanted.origin)) throw refusal(403, 'not from pages of this origin');
        this.upgrade(socket, stream.peer, request, rest);
        break;
    }
  }

  private upgrade(
    socket: Socket,
    peer: Peer,
    { method, target, headers }: HttpRequestHead,
    rest: Buffer,
  ): void {
    const request = Object.assign(new IncomingMessage(socket), {
      method,
      url: target,
      headers: Object.fromEntries([...headers.entries()].map(([k, v]) => [k.toLowerCase(), v])),
    });
    this.webSockets.handleUpgrade(request, socket, rest, (webSocket) => {
      const through: Peer = { ...peer, via: 'websocket' };
      this.options.arrived(
        new WebSocketStream(webSocket, socket, through, this.options.clock),
        NO_BYTES,
      );
    });
  }

  /** Programs that are no browsers send no origin. */
  private mayComeFrom(origin: string | undefined): boolean {
    const { origins = [] } = this.options;
    return (
      origin === undefined ||
      origins.includes(ANY_ORIGIN) ||
      origins.some((allowed) => allowed.toLowerCase() === origin.toLowerCase())
    );
  }
}

/** Answers as HTTP, and closes. */
function refuse(stream: ByteStream, error: unknown): void {
  const status = error instanceof NightjarError ? error.where['status'] : undefined;
  // Also that bytes which nobody has read do not turn the end into a reset that overtakes the answer.
  stream.open({ data: () => undefined, ended: () => stream.close(), closed: () => undefined });
  stream.write(printHttpRefusal(typeof status === 'number' ? status : 400, messageOf(error)));
  stream.closeGently();
}

function refusal(status: number, message: string): NightjarError {
  return new NightjarError('forbidden', 'relay/http', message, { status });
}
