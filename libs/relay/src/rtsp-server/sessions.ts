import type { Principal } from '@nightjar/access';
import { NightjarError, type Clock } from '@nightjar/common';
import { parseSession, type RtspRequest } from '@nightjar/rtsp';
import type { RtspConnection } from './connection.js';
import type { RtspSession } from './session.js';

/** The sessions of a server, and who may use which. */
export class Sessions {
  private readonly byId = new Map<string, RtspSession>();

  constructor(private readonly clock: Clock) {}

  get size(): number {
    return this.byId.size;
  }

  [Symbol.iterator](): Iterator<RtspSession> {
    return this.byId.values();
  }

  /** Takes up a session that `connection` set up, or set up further. */
  add(session: RtspSession, connection: RtspConnection): void {
    this.byId.set(session.id, session);
    connection.sessions.add(session);
  }

  /**
   * The session that a request names; naming it is a sign of life.
   * @throws NightjarError with status 454 when there is no such session for this client
   */
  of(
    request: RtspRequest,
    connection: RtspConnection,
    principal: Principal | undefined,
  ): RtspSession {
    const session = this.named(request);
    // A session belongs to who made it: another user, or an anonymous client elsewhere, must not learn that it exists.
    const owned =
      session !== undefined &&
      session.options.principal?.name === principal?.name &&
      (principal !== undefined || session.options.peerAddress === connection.peerAddress);
    if (!owned)
      throw new NightjarError('not-found', 'rtsp/session', 'no such session', { status: 454 });
    session.lastSeenMs = this.clock.monotonicMs();
    return session;
  }

  /** Takes a request as a sign of life of the session it names, if any. */
  touch(request: RtspRequest): void {
    const session = this.named(request);
    if (session !== undefined) session.lastSeenMs = this.clock.monotonicMs();
  }

  /** Forgets a session and ends it. With `bye` its tracks say goodbye. */
  drop(session: RtspSession, bye: boolean): void {
    if (this.byId.delete(session.id)) session.close(bye);
  }

  private named({ headers }: RtspRequest): RtspSession | undefined {
    const header = headers.get('Session');
    return header === undefined ? undefined : this.byId.get(parseSession(header).id);
  }
}
