import type { Principal } from '@nightjar/access';
import { NightjarError, type Clock } from '@nightjar/common';
import { RTSP_2_0, parseSession, type RtspRequest } from '@nightjar/rtsp';
import { SessionBook } from '../limits/session-book.js';
import type { RtspConnection } from './connection.js';
import { MAX_ORPHANED_SESSIONS, MAX_PIPELINE_IDS } from './limits.js';
import { sendTeardown } from './notices.js';
import type { RtspSession } from './session.js';

/** The sessions of a server, and who may use which. */
export class Sessions {
  /** How many there are of what. */
  readonly book = new SessionBook();
  private readonly byId = new Map<string, RtspSession>();
  /** Those whose connection has gone. */
  private readonly orphans = new Set<RtspSession>();

  constructor(private readonly clock: Clock) {}

  get size(): number {
    return this.byId.size;
  }

  [Symbol.iterator](): Iterator<RtspSession> {
    return this.byId.values();
  }

  /** Takes up a session that `connection` set up, or set up further; `request` may name it for those that follow. */
  add(session: RtspSession, connection: RtspConnection, request: RtspRequest): void {
    if (!this.byId.has(session.id)) this.book.enter(session.options.mount);
    this.byId.set(session.id, session);
    this.attach(session, connection);
    const name = pipelineName(request);
    if (name === undefined || request.headers.has('Session')) return;
    const { pipelined } = connection;
    for (const [known, other] of pipelined) if (!this.byId.has(other.id)) pipelined.delete(known);
    if (pipelined.size < MAX_PIPELINE_IDS) pipelined.set(name, session);
  }

  /** Whether a request names a session, by its id or as those that were pipelined with its SETUP (RFC 7826 s.12). */
  isNamed(request: RtspRequest, connection: RtspConnection): boolean {
    return request.headers.has('Session') || this.named(request, connection) !== undefined;
  }

  /**
   * The session that a request names; naming it is a sign of life.
   * @throws NightjarError with status 454 when there is no such session for this client, 400 when it was set up in another
   * version of RTSP
   */
  of(
    request: RtspRequest,
    connection: RtspConnection,
    principal: Principal | undefined,
  ): RtspSession {
    const session = this.named(request, connection);
    // Who may not use a session must not learn that it exists.
    if (session === undefined || !mayUse(session, connection, principal))
      throw new NightjarError('not-found', 'rtsp/session', 'no such session', { status: 454 });
    if (session.version !== request.version) {
      throw new NightjarError(
        'protocol',
        'rtsp/session-version',
        'the session is of another version',
        {
          status: 400,
          reason: `Session Was Set Up In ${session.version}`,
        },
      );
    }
    session.lastSeenMs = this.clock.monotonicMs();
    this.attach(session, connection);
    return session;
  }

  /** Takes a request as a sign of life of the session it names, if any, and if the client may use it. */
  touch(request: RtspRequest, connection: RtspConnection): void {
    const session = this.named(request, connection);
    if (session !== undefined && mayUse(session, connection, connection.principal))
      session.lastSeenMs = this.clock.monotonicMs();
  }

  /** Forgets a session that its client has ended. */
  drop(session: RtspSession): void {
    this.remove(session, false);
  }

  /** Ends a session from our side: its tracks say goodbye, and a client of RTSP 2.0 is told why. */
  end(session: RtspSession, reason: string): void {
    const { control } = session;
    if (this.remove(session, true)) sendTeardown(session, control, reason);
  }

  /**
   * A connection has gone, and with it its sessions but those over UDP: they go on for as long as they show signs of life.
   * In a group nobody can be told from the others by reports; and a publisher gives its place free.
   */
  disconnected(connection: RtspConnection): void {
    for (const session of connection.sessions) {
      const staysAlone = session.transport === 'udp' && session.options.mount.kind !== 'publish';
      if (staysAlone && this.orphans.size < MAX_ORPHANED_SESSIONS) this.orphans.add(session);
      else this.drop(session);
    }
    connection.sessions.clear();
    connection.pipelined.clear();
  }

  private remove(session: RtspSession, bye: boolean): boolean {
    if (!this.byId.delete(session.id)) return false;
    this.orphans.delete(session);
    this.book.leave(session.options.mount);
    session.close(bye);
    session.control?.sessions.delete(session);
    return true;
  }

  /** A session is controlled on the connection that set it up, and after that has gone on the next one that names it. */
  private attach(session: RtspSession, connection: RtspConnection): void {
    if (session.control !== undefined && !session.control.closed) return;
    session.control = connection;
    this.orphans.delete(session);
    connection.sessions.add(session);
  }

  private named(request: RtspRequest, connection: RtspConnection): RtspSession | undefined {
    const header = request.headers.get('Session');
    if (header !== undefined) return this.byId.get(parseSession(header).id);
    const name = pipelineName(request);
    const session = name === undefined ? undefined : connection.pipelined.get(name);
    return session !== undefined && this.byId.has(session.id) ? session : undefined;
  }
}

/**
 * Knowing an id is not enough (CVE-2026-41470): a session belongs to the user who made it. Without users it belongs to the
 * connection that made it, and once that has gone to whoever comes from the same address.
 */
function mayUse(
  { options, control }: RtspSession,
  connection: RtspConnection,
  principal: Principal | undefined,
): boolean {
  if (options.principal?.name !== principal?.name) return false;
  if (principal !== undefined || control === connection) return true;
  return control?.closed !== false && options.peerAddress === connection.peerAddress;
}

/** RFC 7826 s.18.33. */
function pipelineName({ version, headers }: RtspRequest): string | undefined {
  return version === RTSP_2_0 ? headers.get('Pipelined-Requests') : undefined;
}
