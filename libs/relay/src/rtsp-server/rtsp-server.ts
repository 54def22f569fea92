import { createServer, type Server, type Socket } from 'node:net';
import { NightjarError, type Clock, type Timer } from '@nightjar/common';
import type { Authenticator } from './authenticator.js';
import { RtspConnection, type ConnectionHandler } from './connection.js';
import {
  IDLE_CONNECTION_MS,
  MAX_CONNECTIONS,
  SESSION_GRACE_MS,
  SESSION_TIMEOUT_SECONDS,
  SWEEP_INTERVAL_MS,
} from './limits.js';
import type { MountResolver } from './mount.js';
import type { RtspServerEvents } from './rtsp-server-events.js';
import { RequestHandler } from './request-handler.js';
import type { RtspSession } from './session.js';
import { UdpPorts } from '../udp/udp-ports.js';

export interface RtspServerOptions {
  readonly host: string;
  /** 0 takes any free port: see {@link RtspServer.port}. */
  readonly port: number;
  readonly resolver: MountResolver;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  /** Whether RTP over UDP is offered. */
  readonly udp: boolean;
  /** Queue above which a pushing mount (playback) is asked to wait, bytes. */
  readonly highWaterBytes?: number;
  readonly cname?: string;
  readonly events?: RtspServerEvents;
}

const DEFAULT_HIGH_WATER_BYTES = 512 * 1024;

/** An RTSP 1.0 server (RFC 2326) for whatever its resolver finds: TCP interleaved and UDP unicast. */
export class RtspServer {
  private readonly server: Server;
  private readonly connections = new Set<RtspConnection>();
  private readonly sessions = new Map<string, RtspSession>();
  private udpPorts: UdpPorts | undefined;
  private sweepTimer: Timer | undefined;
  private handler: ConnectionHandler | undefined;

  constructor(private readonly options: RtspServerOptions) {
    this.server = createServer({ noDelay: true }, (socket) => this.accept(socket));
  }

  /** @throws NightjarError 'conflict' when the port is taken, 'forbidden' when it may not be opened */
  async listen(): Promise<void> {
    const { host, port } = this.options;
    if (this.options.udp) this.udpPorts = await UdpPorts.open(host);
    this.handler = new RequestHandler({
      resolver: this.options.resolver,
      authenticator: this.options.authenticator,
      clock: this.options.clock,
      sessions: this.sessions,
      udpPorts: this.udpPorts,
      events: this.options.events ?? {},
      cname: this.options.cname ?? 'nightjar',
      highWaterBytes: this.options.highWaterBytes ?? DEFAULT_HIGH_WATER_BYTES,
    });
    this.udpPorts?.onRtcp((_, address, rtcpPort) => this.receiverReport(address, rtcpPort));
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', (error: NodeJS.ErrnoException) =>
        reject(listenError(error, host, port)),
      );
      this.server.listen(port, host, () => resolve());
    });
    this.server.on('error', (error) => this.options.events?.failed?.(error));
    this.sweep();
  }

  /** The TCP port in use. */
  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : this.options.port;
  }

  /** Sessions now, by state of their transport. */
  countSessions(transport: 'tcp' | 'udp'): number {
    let count = 0;
    for (const session of this.sessions.values()) if (session.transport === transport) count++;
    return count;
  }

  /** Ends the sessions for which `matches` holds, with a BYE each, and closes the connections that carried them. */
  endSessions(matches: (session: RtspSession) => boolean, reason: string): void {
    for (const session of this.sessions.values()) {
      if (matches(session)) this.end(session, reason);
    }
  }

  async close(): Promise<void> {
    this.sweepTimer?.cancel();
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    this.endSessions(() => true, 'shutdown');
    for (const connection of this.connections) connection.closeGently();
    await closed;
    this.udpPorts?.close();
  }

  private accept(socket: Socket): void {
    if (this.connections.size >= MAX_CONNECTIONS || this.handler === undefined) {
      socket.end('RTSP/1.0 503 Service Unavailable\r\n\r\n');
      return;
    }
    const handler = this.handler;
    const connection = new RtspConnection(
      socket,
      {
        handle: (request, from) => handler.handle(request, from),
        interleaved: (channel, from) => handler.interleaved(channel, from),
        answered: (method, status) => handler.answered(method, status),
        closed: (from) => {
          this.connections.delete(from);
          handler.closed(from);
        },
      },
      this.options.clock,
    );
    this.connections.add(connection);
  }

  private end(session: RtspSession, reason: string): void {
    this.sessions.delete(session.id);
    session.close(true);
    session.options.mount.observer?.cut(session.transport ?? 'tcp', reason);
    const carrier = session.carrier;
    if (carrier instanceof RtspConnection) {
      carrier.sessions.delete(session);
      carrier.closeGently();
    }
  }

  private receiverReport(address: string, port: number): void {
    for (const session of this.sessions.values()) {
      if (session.hasRtcpPeer(address, port)) session.lastSeenMs = this.options.clock.monotonicMs();
    }
  }

  private sweep(): void {
    const now = this.options.clock.monotonicMs();
    const deadline = now - SESSION_TIMEOUT_SECONDS * 1000 - SESSION_GRACE_MS;
    for (const session of this.sessions.values()) {
      // A playing interleaved session lives as long as its connection: that one fails when the peer is gone.
      const carried = session.state === 'playing' && session.transport === 'tcp';
      if (!carried && session.lastSeenMs < deadline) this.end(session, 'timeout');
    }
    for (const connection of this.connections) {
      if (connection.sessions.size === 0 && connection.lastRequestMs < now - IDLE_CONNECTION_MS)
        connection.closeGently();
    }
    this.sweepTimer = this.options.clock.setTimer(SWEEP_INTERVAL_MS, () => this.sweep());
  }
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): NightjarError {
  if (error.code === 'EADDRINUSE') {
    return new NightjarError(
      'conflict',
      'rtsp/port-in-use',
      `RTSP port ${port} is already in use`,
      { host, port },
      error,
    );
  }
  if (error.code === 'EACCES') {
    return new NightjarError(
      'forbidden',
      'rtsp/port-denied',
      `no right to open RTSP port ${port}`,
      { host, port },
      error,
    );
  }
  return new NightjarError(
    'unavailable',
    'rtsp/listen',
    `cannot listen on ${host}:${port}: ${error.message}`,
    { host, port },
    error,
  );
}
