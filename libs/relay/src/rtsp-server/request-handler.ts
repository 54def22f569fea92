import { ACCESS_DENIED, type Action, type Principal } from '@nightjar/access';
import { NightjarError } from '@nightjar/common';
import {
  KEY_MANAGEMENT_FAILURE,
  KNOWN_TAGS,
  RTSP_2_0,
  RTSP_METHODS,
  isRtspVersion,
  unsupportedTags,
  type RtspRequest,
  type RtspVersion,
} from '@nightjar/rtsp';
import { notInState, notSupported } from './answers.js';
import type { LoginRequest } from './authenticator.js';
import type { Answer, ConnectionHandler, RtspConnection } from './connection.js';
import { tagsOf } from './features.js';
import { RETRY_AFTER_SECONDS } from './limits.js';
import type { MethodTable, ServerContext } from './methods/index.js';
import { reasonFor, statusOf } from './status-of-error.js';
import { DESTINATION_PROHIBITED } from './track-transport.js';

/** Answers RTSP requests: refuses what is wrong with any, finds out who asks, and hands the rest to its method. */
export class RequestHandler implements ConnectionHandler {
  constructor(
    private readonly server: ServerContext,
    private readonly methods: MethodTable,
  ) {}

  async handle(request: RtspRequest, connection: RtspConnection): Promise<Answer> {
    const { version } = request;
    if (!isRtspVersion(version)) return { status: 505 };
    const askedMs = this.server.clock.monotonicMs();
    // RFC 7826 s.18.51: told whenever it is asked for, with errors too.
    const told = request.headers.has('Supported') ? { Supported: KNOWN_TAGS.join(', ') } : {};
    const answer =
      this.refuseOutright(request, version) ?? (await this.attempt(request, version, connection));
    this.server.events.took?.(
      this.nameOf(request.method),
      this.server.clock.monotonicMs() - askedMs,
    );
    return { ...answer, headers: { ...told, ...answer.headers } };
  }

  /** Answers, by an error's status too. */
  private async attempt(
    request: RtspRequest,
    version: RtspVersion,
    connection: RtspConnection,
  ): Promise<Answer> {
    const { limits } = this.server;
    try {
      limits?.requireRequest(
        (connection.requests ??= limits.requestBucket()),
        connection.peerAddress,
      );
      return await this.dispatch(request, version, connection);
    } catch (error) {
      if (!(error instanceof NightjarError)) {
        this.server.events.failed?.(error);
        return { status: 500 };
      }
      if (error.code === ACCESS_DENIED) this.tellDenied(error, connection);
      const unsupported = error.where['unsupported'];
      if (typeof unsupported === 'string') return notSupported(unsupported);
      if (error.kind === 'unauthenticated') {
        const stale = error.where['stale'] === 1;
        const challenges = this.server.authenticator.challenges(loginOf(connection), stale);
        return { status: 401, headers: { 'WWW-Authenticate': challenges } };
      }
      if (error.kind === 'unavailable' || error.kind === 'exhausted') {
        const { status = 503, retryAfterSeconds = RETRY_AFTER_SECONDS } = error.where;
        return {
          status: Number(status),
          reason: reasonFor(error),
          headers: { 'Retry-After': String(retryAfterSeconds) },
        };
      }
      return { status: statusIn(version, error), reason: reasonFor(error) };
    }
  }

  private tellDenied({ where }: NightjarError, connection: RtspConnection): void {
    const { action, camera } = where as { action: Action; camera?: string };
    this.server.events.denied?.(
      { action, ...(camera === undefined ? {} : { camera }) },
      { principal: connection.principal?.name, address: connection.peerAddress },
    );
  }

  interleaved(
    channel: number,
    buf: Buffer,
    offset: number,
    length: number,
    connection: RtspConnection,
  ): void {
    for (const session of connection.sessions)
      if (session.receive(channel, buf, offset, length)) return;
  }

  readEnded(connection: RtspConnection): void {
    for (const session of connection.sessions) session.endRead();
  }

  answered(method: string, status: number): void {
    this.server.events.request?.(this.nameOf(method), status);
  }

  closed(connection: RtspConnection): void {
    this.server.sessions.disconnected(connection);
  }

  /** A client may send any word: those that nobody serves share one name. */
  private nameOf(method: string): string {
    return this.methods.has(method) ? method : 'other';
  }

  /** What can be refused from the request line and headers alone. */
  private refuseOutright(request: RtspRequest, version: RtspVersion): Answer | undefined {
    if (!request.headers.has('CSeq')) return { status: 400 };
    const { methods } = this;
    if (methods.get(request.method, version) === undefined) {
      return RTSP_METHODS[version].has(request.method)
        ? { status: 405, headers: { Allow: methods.names(version) } }
        : { status: 501, headers: { Public: methods.names(version) } };
    }
    const unsupported = unsupportedTags(tagsOf(request));
    return unsupported.length > 0 ? notSupported(unsupported.join(', ')) : undefined;
  }

  private async dispatch(
    request: RtspRequest,
    version: RtspVersion,
    connection: RtspConnection,
  ): Promise<Answer> {
    const { server } = this;
    const method = this.methods.get(request.method, version)!;
    if (method.kind === 'open')
      return method.answer({
        request,
        version,
        connection,
        principal: connection.principal,
        server,
      });
    const principal = await this.identify(request, connection);
    const exchange = { request, version, connection, principal, server };
    if (method.kind === 'resource') return await method.answer(exchange);
    const session = server.sessions.of(request, connection, principal);
    if (!method.states.includes(session.state)) return notInState(server.methods, session);
    return await method.answer(exchange, session);
  }

  private async identify(
    request: RtspRequest,
    connection: RtspConnection,
  ): Promise<Principal | undefined> {
    const { authenticator } = this.server;
    let principal: Principal | undefined;
    try {
      principal = await authenticator.identify({
        ...loginOf(connection),
        header: request.headers.get('Authorization'),
        method: request.method,
        uri: request.uri,
        connection,
        known: connection.principal?.name,
      });
    } catch (error) {
      // field: players send keep-alives for hours with their first nonce and take a 401 for the end.
      const stale = error instanceof NightjarError && error.where['stale'] === 1;
      if (!stale || connection.principal === undefined || !request.headers.has('Session'))
        throw error;
    }
    if (principal !== undefined) connection.principal = principal;
    if (connection.principal === undefined && authenticator.required) {
      throw new NightjarError('unauthenticated', 'rtsp/login', 'login needed');
    }
    return connection.principal;
  }
}

function loginOf({ peer }: RtspConnection): Pick<LoginRequest, 'peer' | 'secure'> {
  return { peer: peer.address, secure: peer.secure };
}

/** What RFC 4567 calls 463 is 466 in RTSP 2.0, where 463 tells of addresses (RFC 7826 s.17.4). */
function statusIn(version: RtspVersion, error: NightjarError): number {
  const status = statusOf(error);
  const ofKeys = status === KEY_MANAGEMENT_FAILURE && error.code !== DESTINATION_PROHIBITED;
  return ofKeys && version === RTSP_2_0 ? 466 : status;
}
