import { createServer, type Server, type Socket } from 'node:net';
import type { Principal } from '@nightjar/access';
import type { Clock, Timer } from '@nightjar/common';
import type { RtspRequest } from '@nightjar/rtsp';
import type { ServerLimits } from '../limits/server-limits.js';
import { SilentConnections, type SilentEnd } from '../limits/silent-connections.js';
import type { Authenticator } from './authenticator.js';
import type { ByteStream, Peer } from './carriage/byte-stream.js';
import { Doorway, type DoorwaySettings } from './carriage/doorway.js';
import { SocketStream } from './carriage/socket-stream.js';
import { RtspConnection, type Answer, type ConnectionHandler } from './connection.js';
import type { Elsewhere } from './elsewhere.js';
import {
  IDLE_CONNECTION_MS,
  MAX_CONNECTIONS,
  RETRY_AFTER_SECONDS,
  SESSION_GRACE_MS,
  SESSION_TIMEOUT_SECONDS,
  SWEEP_INTERVAL_MS,
} from './limits.js';
import { listenOn, portOf } from './listen.js';
import type { MountAccess, MountResolver, ReaderTransport } from './mount.js';
import { movedToTls } from './moved-to-tls.js';
import type { RtspServerEvents } from './rtsp-server-events.js';
import { MulticastGroups, type MulticastOptions } from './multicast-groups.js';
import { METHODS, MethodTable } from './methods/index.js';
import { RequestHandler } from './request-handler.js';
import type { RtspSession } from './session.js';
import { Sessions } from './sessions.js';
import { SrtpKeys } from './srtp/srtp-keys.js';
import type { OnUdpDrop } from '../udp/drop-reason.js';
import { Pacer } from '../udp/pacer.js';
import { UdpPorts } from '../udp/udp-ports.js';

export interface RtspServerOptions {
  readonly host: string;
  /** 0 takes any free port: see {@link RtspServer.port}. */
  readonly port: number;
  readonly resolver: MountResolver;
  readonly authenticator: Authenticator;
  /** What clients may take; absent: a number of connections only. */
  readonly limits?: ServerLimits;
  /** Whether this address may connect; absent: any may. Others get 403. */
  readonly admits?: (address: string) => boolean;
  /** Whether a session may go on; asked every few seconds. Absent: it may. */
  readonly mayGoOn?: (principal: Principal | undefined, access: MountAccess) => boolean;
  readonly clock: Clock;
  /** Whether RTP over UDP is offered. */
  readonly udp: boolean;
  /** Even port from which UDP readers are sent RTP, RTCP goes from the next one; 0 or absent: any. */
  readonly udpPort?: number;
  /** What a UDP reader gets at once, and again after each interval, at most. */
  readonly udpBurstBytes?: number;
  readonly udpBurstIntervalMs?: number;
  /** Without a sign of life for so long, and a grace of ten seconds, a session that is not carried by a connection ends. */
  readonly sessionTimeoutMs?: number;
  /** How streams are sent to multicast groups; absent: not at all. */
  readonly multicast?: MulticastOptions;
  /** Whether clients that come by TLS are offered SRTP. */
  readonly srtp?: boolean;
  /** Which of several processes with the same options this is: each has UDP ports and groups of its own. */
  readonly shard?: { readonly index: number; readonly count: number } | undefined;
  /** Queue above which a pushing mount (playback) is asked to wait, bytes. */
  readonly highWaterBytes?: number;
  readonly cname?: string;
  readonly events?: RtspServerEvents;
  /** What the ports take beside plain RTSP. */
  readonly doorway?: DoorwaySettings;
  /** A second port, for clients that expect TLS on one of its own; it takes what the other takes. */
  readonly tlsPort?: number | undefined;
  /** Other processes that serve through the same port. */
  readonly elsewhere?: Elsewhere | undefined;
}

const DEFAULT_HIGH_WATER_BYTES = 512 * 1024;

/** A server of RTSP 1.0 (RFC 2326) and 2.0 (RFC 7826) for whatever its resolver finds. */
export class RtspServer {
  private readonly servers: Server[] = [];
  private readonly doorway: Doorway;
  private readonly onDrop: OnUdpDrop = (reason, packets) =>
    this.options.events?.udpDropped?.(reason, packets);
  private readonly connections = new Set<RtspConnection>();
  private readonly silent: SilentConnections;
  private readonly sessions: Sessions;
  private readonly pacer: Pacer;
  private udpPorts: UdpPorts | undefined;
  private groups: MulticastGroups | undefined;
  private sweepTimer: Timer | undefined;
  private handler: ConnectionHandler | undefined;
  private closing = false;
  private lastGone: () => void = () => undefined;

  constructor(private readonly options: RtspServerOptions) {
    const { clock, udpBurstBytes: burstBytes, udpBurstIntervalMs: intervalMs } = options;
    this.sessions = new Sessions(clock);
    this.pacer = new Pacer({
      clock,
      ...(burstBytes === undefined ? {} : { burstBytes }),
      ...(intervalMs === undefined ? {} : { intervalMs }),
    });
    this.silent = options.limits?.silent ?? new SilentConnections(clock);
    this.doorway = new Doorway({
      ...options.doorway,
      clock,
      silent: this.silent,
      arrived: (stream, head) => this.accept(stream, head),
    });
  }

  /** Makes everything ready for connections but the port: they come by {@link adopt}. */
  async open(): Promise<void> {
    const { host } = this.options;
    if (this.options.udp) this.udpPorts = await this.openUdpPorts(host);
    if (this.options.multicast?.enabled === true)
      this.groups = await this.openGroups(this.options.multicast);
    const methods = new MethodTable(METHODS);
    const context = {
      resolver: this.options.resolver,
      authenticator: this.options.authenticator,
      clock: this.options.clock,
      sessions: this.sessions,
      methods,
      udpPorts: this.udpPorts,
      groups: this.groups,
      srtp: this.options.srtp === true ? new SrtpKeys() : undefined,
      limits: this.options.limits,
      pacer: this.pacer,
      events: this.options.events ?? {},
      cname: this.cname,
      highWaterBytes: this.highWaterBytes,
      // Told in whole seconds, and never more than it is.
      sessionTimeoutSeconds: Math.floor(this.sessionTimeoutMs / 1000),
    };
    this.handler = new RequestHandler(context, methods);
    this.sweep();
  }

  /**
   * {@link open}, and takes connections on the port.
   * @throws NightjarError 'conflict' when the port is taken, 'forbidden' when it may not be opened
   */
  async listen(): Promise<void> {
    const { host, port, tlsPort } = this.options;
    await this.open();
    for (const each of tlsPort === undefined ? [port] : [port, tlsPort]) {
      const server = createServer({ noDelay: true }, (socket) => this.doorway.admit(socket));
      this.servers.push(server);
      await listenOn(server, { host, port: each }, (error) => this.options.events?.failed?.(error));
    }
  }

  /**
   * Takes over RTSP that was accepted elsewhere. Its first request is answered here whatever it names.
   * @param head what was read of the socket already; kept
   * @param peer who is behind it
   */
  adopt(socket: Socket, head: Buffer, peer: Peer): void {
    this.accept(new SocketStream(socket, peer), head);
  }

  /** Connections that have not asked anything yet. */
  get silentCount(): number {
    return this.silent.size;
  }

  /** Sessions of clients that publish. */
  get publisherCount(): number {
    return this.sessions.book.publishers;
  }

  /** Connections now. */
  get connectionCount(): number {
    return this.connections.size;
  }

  /** The TCP port in use. */
  get port(): number {
    const [server] = this.servers;
    return server === undefined ? this.options.port : portOf(server, this.options.port);
  }

  /** Sessions now; with `transport` those that were set up for it. */
  countSessions(transport?: ReaderTransport): number {
    if (transport === undefined) return this.sessions.size;
    let count = 0;
    for (const session of this.sessions) if (session.transport === transport) count++;
    return count;
  }

  /** Ends the sessions for which `matches` holds, with a BYE each, and closes the connections that carried them. */
  endSessions(matches: (session: RtspSession) => boolean, reason: string): void {
    for (const session of this.sessions) {
      if (matches(session)) this.end(session, reason);
    }
  }

  async close(): Promise<void> {
    this.closing = true;
    this.sweepTimer?.cancel();
    this.doorway.close();
    // The callback comes too when the port was never taken.
    const portsClosed = this.servers.map(
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    const allGone = new Promise<void>((resolve) => {
      this.lastGone = resolve;
      if (this.connections.size === 0) resolve();
    });
    this.endSessions(() => true, 'shutdown');
    for (const connection of this.connections) connection.closeGently();
    await Promise.all([...portsClosed, allGone]);
    this.udpPorts?.close();
    this.groups?.close();
  }

  private accept(stream: ByteStream, head: Buffer): void {
    const { limits } = this.options;
    const { address } = stream.peer;
    if (this.options.admits?.(address) === false) {
      refuseStream(stream, '403 Forbidden');
      return;
    }
    const { handler } = this;
    const full = this.connections.size >= MAX_CONNECTIONS;
    const closed = full || this.closing || handler === undefined;
    if (closed || limits?.connect(address) !== undefined) {
      refuseStream(stream, `503 Service Unavailable\r\nRetry-After: ${RETRY_AFTER_SECONDS}`);
      return;
    }
    const asked = this.silent.enter((how) => endSilent(connection, how));
    const connection: RtspConnection = new RtspConnection(
      stream,
      {
        handle: (request, from) => {
          asked();
          return this.answer(request, from, handler);
        },
        interleaved: (channel, buf, offset, length, from) =>
          handler.interleaved(channel, buf, offset, length, from),
        readEnded: (from) => handler.readEnded(from),
        answered: (method, status) => handler.answered(method, status),
        closed: (from) => {
          this.connections.delete(from);
          asked();
          limits?.disconnect(address);
          handler.closed(from);
          if (this.connections.size === 0) this.lastGone();
        },
      },
      this.options.clock,
      { elsewhere: this.options.elsewhere },
    );
    this.connections.add(connection);
    connection.begin(head);
  }

  /** Who comes in the clear where TLS is required is told the way. */
  private answer(
    request: RtspRequest,
    from: RtspConnection,
    handler: ConnectionHandler,
  ): Promise<Answer> {
    const { doorway, tlsPort, port } = this.options;
    if (doorway?.requireTls !== true || from.peer.secure) return handler.handle(request, from);
    const [server, tlsServer = server] = this.servers;
    const to = tlsPort ?? port;
    return Promise.resolve(movedToTls(request.uri, tlsServer ? portOf(tlsServer, to) : to));
  }

  /** A right may be withdrawn, and a signed URL expires, while somebody watches. */
  private mayGoOn({ options: { mount, principal } }: RtspSession): boolean {
    const { access = [] } = mount;
    return access.every((one) => this.options.mayGoOn?.(principal, one) ?? true);
  }

  private end(session: RtspSession, reason: string): void {
    session.options.mount.observer?.cut(session.transport ?? 'tcp', reason);
    this.sessions.end(session, reason);
    const carrier = session.carrier;
    if (carrier instanceof RtspConnection) {
      carrier.sessions.delete(session);
      carrier.closeGently();
    }
  }

  private openUdpPorts(host: string): Promise<UdpPorts> {
    const { clock, udpPort = 0, shard } = this.options;
    const port = udpPort === 0 ? 0 : udpPort + 2 * (shard?.index ?? 0);
    return UdpPorts.open(host, { clock, port, onDrop: this.onDrop });
  }

  private openGroups(options: MulticastOptions): Promise<MulticastGroups> {
    const { host, clock, shard } = this.options;
    const { pacer, cname, highWaterBytes, onDrop } = this;
    return MulticastGroups.open({
      ...options,
      host,
      shard,
      clock,
      pacer,
      cname,
      highWaterBytes,
      onDrop,
    });
  }

  private get cname(): string {
    return this.options.cname ?? 'nightjar';
  }

  private get sessionTimeoutMs(): number {
    return this.options.sessionTimeoutMs ?? SESSION_TIMEOUT_SECONDS * 1000;
  }

  private get highWaterBytes(): number {
    return this.options.highWaterBytes ?? DEFAULT_HIGH_WATER_BYTES;
  }

  private sweep(): void {
    const now = this.options.clock.monotonicMs();
    this.options.limits?.look();
    const deadline = now - this.sessionTimeoutMs - SESSION_GRACE_MS;
    for (const session of this.sessions) {
      // An interleaved session that plays or records lives as long as its connection: that one fails when the peer is gone.
      const carried = session.state !== 'ready' && session.transport === 'tcp';
      if (!carried && session.lastSeenMs < deadline) this.end(session, 'timeout');
      else if (!this.mayGoOn(session)) this.end(session, 'access');
    }
    for (const connection of this.connections) {
      if (connection.sessions.size === 0 && connection.lastRequestMs < now - IDLE_CONNECTION_MS)
        connection.closeGently();
    }
    this.sweepTimer = this.options.clock.setTimer(SWEEP_INTERVAL_MS, () => this.sweep());
  }
}

function endSilent(connection: RtspConnection, how: SilentEnd): void {
  if (how === 'timeout') connection.timeOut();
  else connection.close();
}

function refuseStream(stream: ByteStream, status: string): void {
  // Also that an error of it is nobody's surprise.
  stream.open({ data: () => undefined, ended: () => stream.close(), closed: () => undefined });
  stream.write(Buffer.from(`RTSP/1.0 ${status}\r\n\r\n`));
  stream.closeGently();
}
