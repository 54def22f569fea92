import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { AllowList } from '@nightjar/access';
import type { Clock } from '@nightjar/common';
import type { AddressRange, LimitsConfig } from '@nightjar/config';
import {
  ClientBook,
  GENTLE_CLOSE_MS,
  RETRY_AFTER_SECONDS,
  SilentConnections,
} from '@nightjar/relay';
import { printHttpRefusal } from '@nightjar/rtsp';

/** What may be too much; a metric label. */
export type HttpLimit =
  | 'http-connections'
  | 'http-connections-per-address'
  | 'http-silent-connections'
  | 'http-silent-time';

/** Refused clients that are told so at one time; more are closed without a word. */
export const MAX_DISMISSED = 256;

export interface HttpConnectionsOptions {
  readonly clock: Clock;
  /** Asked anew each time. */
  readonly limits: () => LimitsConfig;
  /** Many clients come by each of them. */
  readonly trustedProxies: readonly AddressRange[] | undefined;
  /** Told of what was refused or closed. */
  readonly refused: (limit: HttpLimit) => void;
}

/** The connections of the HTTP port: how many there may be, and how long they may take to ask for something. */
export class HttpConnections {
  private readonly clients = new ClientBook();
  private readonly silent: SilentConnections;
  private readonly proxies: AllowList | undefined;
  private readonly open = new Set<Socket>();
  private readonly unasked = new WeakMap<Socket, () => void>();
  private dismissed = 0;

  constructor(private readonly options: HttpConnectionsOptions) {
    const { clock, limits, trustedProxies, refused } = options;
    this.proxies = trustedProxies && new AllowList(trustedProxies);
    this.silent = new SilentConnections(clock, limits, (how) =>
      refused(how === 'overload' ? 'http-silent-connections' : 'http-silent-time'),
    );
  }

  /** Connections now. */
  get size(): number {
    return this.clients.size;
  }

  /** Those that have not completed a request. */
  get silentSize(): number {
    return this.silent.size;
  }

  /** Stands before what listens for connections of `server` now. */
  guard(server: Server): void {
    const listeners = server.listeners('connection');
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      if (this.admit(socket)) for (const listener of listeners) listener.call(server, socket);
    });
    server.prependListener('request', (request, response) => this.begun(request, response));
  }

  /** A connection has asked for something: what it does from here on takes its time. */
  asked(socket: Socket): void {
    this.unasked.get(socket)?.();
  }

  /** Ends all of them. */
  close(): void {
    for (const socket of this.open) socket.destroy();
  }

  private admit(socket: Socket): boolean {
    const { remoteAddress: address = '' } = socket;
    this.open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.open.delete(socket));
    const limit = this.limitReached(address);
    if (limit !== undefined) {
      this.options.refused(limit);
      const answer = printHttpRefusal(503, 'too many connections', RETRY_AFTER_SECONDS);
      this.dismiss(socket, answer);
      return false;
    }
    this.clients.enter(address);
    const asked = this.silent.enter((how) => {
      // Whose answer has begun is told nothing in the middle of it.
      const half = how === 'timeout' && socket.bytesRead > 0 && socket.bytesWritten === 0;
      if (half) this.dismiss(socket, printHttpRefusal(408, 'the request did not end'));
      else socket.destroy();
    });
    this.unasked.set(socket, asked);
    socket.once('close', () => {
      asked();
      this.clients.leave(address);
    });
    return true;
  }

  private limitReached(address: string): HttpLimit | undefined {
    const { httpConnections, httpConnectionsPerAddress } = this.options.limits();
    if (this.clients.size >= httpConnections) return 'http-connections';
    if (this.proxies?.allows(address) === true) return undefined;
    return this.clients.of(address) >= httpConnectionsPerAddress
      ? 'http-connections-per-address'
      : undefined;
  }

  /** The head of a request is there. */
  private begun(request: IncomingMessage, response: ServerResponse): void {
    const { socket, headers } = request;
    const asked = (): void => this.asked(socket);
    const hasBody =
      headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
    if (!hasBody) {
      asked();
      return;
    }
    request.once('end', asked);
    response.once('close', asked);
  }

  /** Says why, and gives the client time to read it: what it sends meanwhile must not turn the end into a reset. */
  private dismiss(socket: Socket, answer: Buffer): void {
    if (this.dismissed >= MAX_DISMISSED) {
      socket.destroy();
      return;
    }
    this.dismissed += 1;
    const timer = this.options.clock.setTimer(GENTLE_CLOSE_MS, () => socket.destroy());
    socket.once('close', () => {
      this.dismissed -= 1;
      timer.cancel();
    });
    socket.end(answer);
    socket.resume();
  }
}
