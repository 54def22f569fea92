import { isIPv4 } from 'node:net';
import type { Principal } from '@nightjar/access';
import { NightjarError, type Clock } from '@nightjar/common';
import {
  RTSP_1_0,
  SERVER_METHODS,
  allowedIn,
  chooseTransport,
  classifyMethod,
  parseSession,
  parseTags,
  parseTransport,
  printRtpInfo,
  printSdp,
  printTransport,
  unsupportedTags,
  type RtspRequest,
  type TransportSpec,
} from '@nightjar/rtsp';
import type { Authenticator } from './authenticator.js';
import type { Answer, ConnectionHandler, RtspConnection } from './connection.js';
import {
  MAX_SESSIONS_PER_CONNECTION,
  RETRY_AFTER_SECONDS,
  SESSION_TIMEOUT_SECONDS,
} from './limits.js';
import type { Mount, MountDescription, MountResolver } from './mount.js';
import type { MulticastGroups } from './multicast-groups.js';
import { printPlayHeaders, readPlayHeaders } from './play-headers.js';
import { parseResource, trackControl, trackUrl, type Resource } from './resource.js';
import type { RtspServerEvents } from './rtsp-server-events.js';
import { RtspSession } from './session.js';
import type { Pacer } from '../udp/pacer.js';
import type { UdpPorts } from '../udp/udp-ports.js';

export interface RequestHandlerOptions {
  readonly resolver: MountResolver;
  readonly authenticator: Authenticator;
  readonly clock: Clock;
  readonly sessions: Map<string, RtspSession>;
  readonly udpPorts: UdpPorts | undefined;
  /** Undefined when streams are not sent to groups. */
  readonly groups: MulticastGroups | undefined;
  readonly pacer: Pacer;
  readonly events: RtspServerEvents;
  readonly cname: string;
  readonly highWaterBytes: number;
}

const PUBLIC = SERVER_METHODS.join(', ');

/** Answers RTSP requests: one method of this class per method of RFC 2326 s.10. */
export class RequestHandler implements ConnectionHandler {
  constructor(private readonly options: RequestHandlerOptions) {}

  async handle(request: RtspRequest, connection: RtspConnection): Promise<Answer> {
    const refusal = refuseOutright(request);
    if (refusal !== undefined) return refusal;
    try {
      return await this.dispatch(request, connection);
    } catch (error) {
      if (!(error instanceof NightjarError)) {
        this.options.events.failed?.(error);
        return { status: 500 };
      }
      const unsupported = error.where['unsupported'];
      if (typeof unsupported === 'string') return notSupported(unsupported);
      if (error.kind === 'unauthenticated') {
        const stale = error.where['stale'] === 1;
        const challenges = this.options.authenticator.challenges(connection.peerAddress, stale);
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
        session.lastSeenMs = this.options.clock.monotonicMs();
    }
  }

  answered(method: string, status: number): void {
    this.options.events.request?.(classifyMethod(method) === 'served' ? method : 'other', status);
  }

  closed(connection: RtspConnection): void {
    for (const session of connection.sessions) this.drop(session, false);
    connection.sessions.clear();
  }

  private async dispatch(request: RtspRequest, connection: RtspConnection): Promise<Answer> {
    if (request.method === 'OPTIONS') {
      this.touch(request);
      return { status: 200, headers: { Public: PUBLIC } };
    }
    const principal = this.identify(request, connection);
    if (request.method === 'DESCRIBE') return await this.describe(request, principal);
    if (request.method === 'SETUP') return await this.setup(request, connection, principal);
    const session = this.sessionOf(request, connection, principal);
    switch (request.method) {
      case 'PLAY':
        return await this.play(request, session);
      case 'PAUSE': {
        const { range } = await session.pause();
        return {
          status: 200,
          headers: { Session: session.id, ...(range === undefined ? {} : { Range: range }) },
        };
      }
      case 'TEARDOWN':
        connection.sessions.delete(session);
        this.drop(session, false);
        return { status: 200 };
      default:
        // GET_PARAMETER and SET_PARAMETER: an empty one is a keep-alive, and we have no parameters.
        if (request.body.length > 0) {
          return {
            status: 451,
            headers: { Session: session.id, 'Content-Type': 'text/parameters' },
            body: request.body,
          };
        }
        return { status: 200, headers: { Session: session.id } };
    }
  }

  private identify(request: RtspRequest, connection: RtspConnection): Principal | undefined {
    let principal: Principal | undefined;
    try {
      principal = this.options.authenticator.identify({
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
    if (connection.principal === undefined && this.options.authenticator.required) {
      throw new NightjarError('unauthenticated', 'rtsp/login', 'login needed');
    }
    return connection.principal;
  }

  private async describe(request: RtspRequest, principal: Principal | undefined): Promise<Answer> {
    const accept = request.headers.get('Accept');
    if (accept !== undefined && !/application\/(sdp|\*)|\*\/\*/i.test(accept))
      return { status: 406 };
    const resource = parseResource(request.uri);
    const mount = await this.options.resolver.resolve(resource.path, resource.query, principal);
    const required = requiredOf(request, mount);
    const description = await mount.describe(required);
    const sdp = printSdp({
      sessionId: description.sessionId,
      sessionVersion: description.sessionVersion,
      name: description.name,
      ...(description.range === undefined ? {} : { range: description.range }),
      ...this.whereToListen(resource, mount, description),
    });
    return {
      status: 200,
      headers: {
        'Content-Base': `${resource.aggregateUrl}/`,
        'Content-Type': 'application/sdp',
        'Cache-Control': 'no-cache',
      },
      body: Buffer.from(sdp, 'utf8'),
    };
  }

  /** Tracks of an SDP, with group and ports where the client asked for those. */
  private whereToListen(
    resource: Resource,
    mount: Mount,
    { tracks }: MountDescription,
  ): Pick<Parameters<typeof printSdp>[0], 'multicast' | 'tracks'> {
    const stream = resource.multicastOnly ? this.sharedName(mount) : undefined;
    const groupTracks = tracks.map((_, track) =>
      stream === undefined ? undefined : this.options.groups?.track(stream, track),
    );
    const [first] = groupTracks;
    return {
      ...(first === undefined ? {} : { multicast: first }),
      tracks: tracks.map(({ format, attributes = [] }, track) => ({
        format,
        attributes,
        control: trackControl(resource, track),
        port: groupTracks[track]?.ports[0] ?? 0,
      })),
    };
  }

  /** The name under which the mount can be sent to a group; undefined where it cannot. */
  private sharedName(mount: Mount): string | undefined {
    return this.options.groups === undefined ? undefined : mount.shared;
  }

  private async setup(
    request: RtspRequest,
    connection: RtspConnection,
    principal: Principal | undefined,
  ): Promise<Answer> {
    const header = request.headers.get('Transport');
    if (header === undefined) return { status: 400 };
    const specs = parseTransport(header);
    const resource = parseResource(request.uri);
    const fresh = !request.headers.has('Session');
    const session = fresh
      ? await this.openSession(request, resource, connection, principal)
      : this.sessionOf(request, connection, principal);
    session.require(requiredOf(request, session.options.mount));
    if (session.options.resource !== resource.key)
      return { status: 459, headers: { Session: session.id } };
    if (session.state === 'playing') return notInState(session);
    const tracks = session.options.description.tracks.length;
    const track = resource.track ?? (tracks === 1 ? 0 : undefined);
    if (track === undefined) return { status: 459 };
    if (track >= tracks) return { status: 404 };
    const answer = this.chooseTransport(specs, session, connection, track, resource.multicastOnly);
    if (answer === undefined) return { status: 461 };
    this.options.sessions.set(session.id, session);
    connection.sessions.add(session);
    return {
      status: 200,
      headers: {
        Session: `${session.id};timeout=${SESSION_TIMEOUT_SECONDS}`,
        Transport: printTransport(answer),
        'Cache-Control': 'no-cache',
      },
    };
  }

  private async openSession(
    request: RtspRequest,
    resource: Resource,
    connection: RtspConnection,
    principal: Principal | undefined,
  ): Promise<RtspSession> {
    if (connection.sessions.size >= MAX_SESSIONS_PER_CONNECTION) {
      throw new NightjarError('exhausted', 'rtsp/sessions', 'too many sessions on one connection');
    }
    const mount = await this.options.resolver.resolve(resource.path, resource.query, principal);
    const description = await mount.describe(requiredOf(request, mount));
    const { cname, highWaterBytes } = this.options;
    const session: RtspSession = new RtspSession(
      {
        mount,
        description,
        resource: resource.key,
        principal,
        peerAddress: connection.peerAddress,
        clock: this.options.clock,
        pacer: this.options.pacer,
        output: { cname, highWaterBytes },
        onEnd: (ended, reason) => {
          connection.sessions.delete(ended);
          mount.observer?.cut(ended.transport ?? 'tcp', reason);
          this.drop(ended, true);
        },
      },
      this.options.clock.monotonicMs(),
    );
    return session;
  }

  private chooseTransport(
    specs: readonly TransportSpec[],
    session: RtspSession,
    connection: RtspConnection,
    track: number,
    multicastOnly: boolean,
  ): TransportSpec | undefined {
    const taken = new Set([...connection.sessions].flatMap((other) => other.usedChannels));
    let free = 2 * track;
    while (taken.has(free) || taken.has(free + 1)) free += 2;
    // One session, one transport: mixing them would split a picture from its sound.
    const { tcp = true, udp = true } = session.options.mount.transports ?? {};
    const { transport = 'any' } = session;
    const group = isIPv4Peer(connection.peerAddress)
      ? this.sharedName(session.options.mount)
      : undefined;
    const unicast = !(multicastOnly && group !== undefined);
    const offer = {
      tcp: tcp && unicast && ['any', 'tcp'].includes(transport),
      udp:
        udp && unicast && ['any', 'udp'].includes(transport) && this.options.udpPorts !== undefined,
      multicast: group !== undefined && ['any', 'multicast'].includes(transport),
    };
    const chosen = chooseTransport(specs, offer, [free, free + 1], taken);
    if (chosen === undefined) return undefined;
    if (chosen.kind === 'tcp') {
      session.setupTcp(track, chosen.interleaved[0], connection);
      const ssrc = session.announcedSsrc(track);
      return {
        profile: 'RTP/AVP',
        lower: 'TCP',
        unicast: true,
        interleaved: [chosen.interleaved[0], chosen.interleaved[1]],
        ...(ssrc === undefined ? {} : { ssrc }),
      };
    }
    if (chosen.kind === 'multicast') {
      const to = session.setupMulticast(track, group!, this.options.groups!);
      if (to === undefined) return undefined;
      return {
        profile: 'RTP/AVP',
        lower: 'UDP',
        unicast: false,
        destination: to.address,
        port: [to.ports[0], to.ports[1]],
        ttl: to.ttl,
      };
    }
    const ports = this.options.udpPorts!;
    const address = connection.peerAddress;
    session.setupUdp(
      track,
      {
        rtp: ports.peer(address, chosen.clientPort[0]),
        rtcp: ports.peer(address, chosen.clientPort[1]),
      },
      ports,
    );
    const ssrc = session.announcedSsrc(track);
    return {
      profile: 'RTP/AVP',
      lower: 'UDP',
      unicast: true,
      clientPort: [chosen.clientPort[0], chosen.clientPort[1]],
      serverPort: [ports.ports[0], ports.ports[1]],
      ...(ssrc === undefined ? {} : { ssrc }),
    };
  }

  private async play(request: RtspRequest, session: RtspSession): Promise<Answer> {
    if (session.transport === undefined) return notInState(session);
    session.require(requiredOf(request, session.options.mount));
    const asked = readPlayHeaders(request.headers, session.required);
    if (asked.range?.unit === 'other') return { status: 501, headers: { Session: session.id } };
    try {
      const answer = await session.play(asked);
      const resource = parseResource(request.uri);
      const rtpInfo = printRtpInfo(
        answer.rtpInfo
          .filter(({ track }) => session.hasTrack(track))
          .map(({ track, seq, rtptime }) => ({
            url: trackUrl(resource, track),
            ...(seq === undefined ? {} : { seq }),
            ...(rtptime === undefined ? {} : { rtptime }),
          })),
      );
      return {
        status: 200,
        headers: {
          Session: session.id,
          ...printPlayHeaders(answer, asked),
          ...(rtpInfo === '' ? {} : { 'RTP-Info': rtpInfo }),
        },
        after: () => session.release(),
      };
    } catch (error) {
      if (session.state === 'playing') queueMicrotask(() => session.release());
      throw error;
    }
  }

  /** @throws NightjarError with status 454 when there is no such session for this client */
  private sessionOf(
    request: RtspRequest,
    connection: RtspConnection,
    principal: Principal | undefined,
  ): RtspSession {
    const header = request.headers.get('Session');
    const session =
      header === undefined ? undefined : this.options.sessions.get(parseSession(header).id);
    // A session belongs to who made it: another user, or an anonymous client elsewhere, must not learn that it exists.
    const owned =
      session !== undefined &&
      session.options.principal?.name === principal?.name &&
      (principal !== undefined || session.options.peerAddress === connection.peerAddress);
    if (!owned)
      throw new NightjarError('not-found', 'rtsp/session', 'no such session', { status: 454 });
    session.lastSeenMs = this.options.clock.monotonicMs();
    return session;
  }

  private touch(request: RtspRequest): void {
    const header = request.headers.get('Session');
    const session =
      header === undefined ? undefined : this.options.sessions.get(parseSession(header).id);
    if (session !== undefined) session.lastSeenMs = this.options.clock.monotonicMs();
  }

  private drop(session: RtspSession, bye: boolean): void {
    if (!this.options.sessions.delete(session.id)) return;
    session.close(bye);
  }
}

/** What can be refused from the request line and headers alone. */
function refuseOutright(request: RtspRequest): Answer | undefined {
  if (request.version !== RTSP_1_0) return { status: 505 };
  if (!request.headers.has('CSeq')) return { status: 400 };
  const kind = classifyMethod(request.method);
  if (kind === 'unknown') return { status: 501, headers: { Public: PUBLIC } };
  if (kind === 'not-allowed') return { status: 405, headers: { Allow: PUBLIC } };
  const unsupported = unsupportedTags(tagsOf(request));
  return unsupported.length > 0 ? notSupported(unsupported.join(', ')) : undefined;
}

function tagsOf({ headers }: RtspRequest): string[] {
  return [...parseTags(headers.get('Require')), ...parseTags(headers.get('Proxy-Require'))];
}

function notSupported(tags: string): Answer {
  return { status: 551, headers: { Unsupported: tags } };
}

/** Feature tags of a request. @throws NightjarError with status 551 when the mount has not all of them */
function requiredOf(request: RtspRequest, mount: Mount): string[] {
  const tags = tagsOf(request);
  const unsupported = unsupportedTags(tags, mount.features ?? []);
  if (unsupported.length > 0) {
    throw new NightjarError('invalid', 'rtsp/require', 'the resource lacks a required feature', {
      unsupported: unsupported.join(', '),
    });
  }
  return tags;
}

function notInState(session: RtspSession): Answer {
  return {
    status: 455,
    headers: { Session: session.id, Allow: allowedIn(session.state).join(', ') },
  };
}

/** Groups have IPv4 addresses; who talks to us over IPv6 alone could not join them. */
function isIPv4Peer(address: string): boolean {
  return isIPv4(address.replace(/^::ffff:/i, ''));
}
