import type { Principal } from '@nightjar/access';
import { NightjarError } from '@nightjar/common';
import { RTSP_1_0, RTSP_METHODS, unsupportedTags, type RtspRequest } from '@nightjar/rtsp';
import { notSupported } from './answers.js';
import type { Answer, ConnectionHandler, RtspConnection } from './connection.js';
import { tagsOf } from './features.js';
import { RETRY_AFTER_SECONDS } from './limits.js';
import type { MethodTable, ServerContext } from './methods/index.js';

/** Answers RTSP requests: refuses what is wrong with any, finds out who asks, and hands the rest to its method. */
export class RequestHandler implements ConnectionHandler {
  constructor(
    private readonly server: ServerContext,
    private readonly methods: MethodTable,
  ) {}

  async handle(request: RtspRequest, connection: RtspConnection): Promise<Answer> {
    const refusal = this.refuseOutright(request);
    if (refusal !== undefined) return refusal;
    try {
      return await this.dispatch(request, connection);
    } catch (error) {
      if (!(error instanceof NightjarError)) {
        this.server.events.failed?.(error);
        return { status: 500 };
      }
      const unsupported = error.where['unsupported'];
      if (typeof unsupported === 'string') return notSupported(unsupported);
      if (error.kind === 'unauthenticated') {
        const stale = error.where['stale'] === 1;
        const challenges = this.server.authenticator.challenges(connection.peerAddress, stale);
        return { status: 401, headers: { 'WWW-Authenticate': challenges } };
      }
      if (error.kind === 'unavailable' || error.kind === 'exhausted') {
        return { status: 503, headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) } };
      }
      throw error;
    }
  }

  interleaved(channel: number, connection: RtspConnection): void {
    for (const session of connection.sessions) {
      if (session.usedChannels.includes(channel))
        session.lastSeenMs = this.server.clock.monotonicMs();
    }
  }

  answered(method: string, status: number): void {
    const served = this.methods.get(method) !== undefined;
    this.server.events.request?.(served ? method : 'other', status);
  }

  closed(connection: RtspConnection): void {
    for (const session of connection.sessions) this.server.sessions.drop(session, false);
    connection.sessions.clear();
  }

  /** What can be refused from the request line and headers alone. */
  private refuseOutright(request: RtspRequest): Answer | undefined {
    if (request.version !== RTSP_1_0) return { status: 505 };
    if (!request.headers.has('CSeq')) return { status: 400 };
    const { methods } = this;
    if (methods.get(request.method) === undefined) {
      return RTSP_METHODS[RTSP_1_0].has(request.method)
        ? { status: 405, headers: { Allow: methods.names } }
        : { status: 501, headers: { Public: methods.names } };
    }
    const unsupported = unsupportedTags(tagsOf(request));
    return unsupported.length > 0 ? notSupported(unsupported.join(', ')) : undefined;
  }

  private async dispatch(request: RtspRequest, connection: RtspConnection): Promise<Answer> {
    const { server } = this;
    const method = this.methods.get(request.method)!;
    if (method.kind === 'open')
      return method.answer({ request, connection, principal: connection.principal, server });
    const principal = this.identify(request, connection);
    const exchange = { request, connection, principal, server };
    if (method.kind === 'resource') return await method.answer(exchange);
    return await method.answer(exchange, server.sessions.of(request, connection, principal));
  }

  private identify(request: RtspRequest, connection: RtspConnection): Principal | undefined {
    const { authenticator } = this.server;
    let principal: Principal | undefined;
    try {
      principal = authenticator.identify({
        header: request.headers.get('Authorization'),
        method: request.method,
        uri: request.uri,
        peer: connection.peerAddress,
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
