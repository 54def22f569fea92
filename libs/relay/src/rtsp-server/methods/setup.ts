import { NightjarError } from '@nightjar/common';
import {
  RTSP_2_0,
  parseKeyMgmt,
  parseMikey,
  parseTransport,
  printTransport,
  type RtspRequest,
  type TransportSpec,
} from '@nightjar/rtsp';
import type { Announced } from '../announced.js';
import { notInState } from '../answers.js';
import type { Answer, RtspConnection } from '../connection.js';
import { matches, tagOf } from '../description-tag.js';
import { requiredOf } from '../features.js';
import { MAX_SESSIONS_PER_CONNECTION } from '../limits.js';
import { mediaHeaders, sendNotice } from '../notices.js';
import type { Mount } from '../mount.js';
import { parseResource, type Resource } from '../resource.js';
import { RtspSession } from '../session.js';
import { printSessionKeys } from '../srtp/told-keys.js';
import { setUpTransport } from '../track-transport.js';
import type { Exchange, ResourceMethod } from './method.js';

/** RFC 2326 s.10.4, RFC 7826 s.13.3. A transport cannot change under a running stream: SETUP waits for PAUSE. */
export const setup: ResourceMethod = {
  name: 'SETUP',
  kind: 'resource',
  states: ['ready'],
  answer: answerSetup,
};

async function answerSetup(exchange: Exchange): Promise<Answer> {
  const { request, version, connection, principal, server } = exchange;
  const header = request.headers.get('Transport');
  if (header === undefined) return { status: 400 };
  const specs = parseTransport(header, version);
  const resource = parseResource(request.uri);
  const publishes = isToPublish(exchange, specs);
  const announced = publishes ? connection.announced : undefined;
  if (publishes && announced === undefined) return NOT_ANNOUNCED;
  const session = server.sessions.isNamed(request, connection)
    ? server.sessions.of(request, connection, principal)
    : await openSession(exchange, resource, announced);
  session.require(requiredOf(request, session.options.mount));
  const { announcement } = session.options;
  if (announcement === undefined && session.options.resource !== resource.key)
    return { status: 459, headers: { Session: session.id } };
  if (!setup.states.includes(session.state)) return notInState(server.methods, session);
  const ifMatch = request.headers.get('If-Match');
  if (ifMatch !== undefined && !matches(ifMatch, tagOf(session.options.description)))
    return { status: 412 };
  const tracks = session.options.description.tracks.length;
  const track =
    announcement === undefined
      ? (resource.track ?? (tracks === 1 ? 0 : 'aggregate'))
      : announcement.trackOf(request.uri, (other) => session.hasTrack(other));
  if (track === 'aggregate') return { status: 459 };
  if (track === undefined || track >= tracks) return { status: 404 };
  const answer = setUpTransport(specs, {
    server,
    session,
    connection,
    track,
    multicastOnly: resource.multicastOnly,
    clientKeys: () => {
      const keyMgmt = parseKeyMgmt(request.headers.get('KeyMgmt') ?? '');
      return keyMgmt === undefined ? announcement?.keysOf(track) : parseMikey(keyMgmt.data);
    },
  });
  if (answer === undefined) return { status: 461 };
  server.sessions.add(session, connection, request);
  return {
    status: 200,
    headers: {
      Session: `${session.id};timeout=${server.sessionTimeoutSeconds}`,
      Transport: printTransport(answer),
      ...printSessionKeys(session, track, request.uri, server.clock),
      'Cache-Control': 'no-cache',
      ...(version === RTSP_2_0
        ? { 'Accept-Ranges': session.media.units.join(', '), ...mediaHeaders(session.media) }
        : {}),
    },
  };
}

const NOT_ANNOUNCED: Answer = {
  status: 455,
  reason: 'A SETUP to publish needs an ANNOUNCE before',
  headers: { Allow: 'OPTIONS, DESCRIBE, ANNOUNCE' },
};

/** Whether a SETUP without a session begins to publish. field: some encoders leave mode out, after their ANNOUNCE. */
function isToPublish(
  { request, version, connection }: Exchange,
  specs: readonly TransportSpec[],
): boolean {
  if (version === RTSP_2_0 || request.headers.has('Session')) return false;
  if (specs.some(({ mode }) => mode !== undefined))
    return specs.some(({ mode }) => mode === 'RECORD');
  return connection.announced?.announcement.trackOf(request.uri, () => false) !== undefined;
}

/** field: GStreamer names the back channel with DESCRIBE and with the SETUP of its track, which need not be the first. */
function requiredSoFar(
  request: RtspRequest,
  { described }: RtspConnection,
  { key }: Resource,
  mount: Mount,
): string[] {
  const before = described?.resource === key ? described.required : [];
  return [...new Set([...before, ...requiredOf(request, mount)])];
}

async function openSession(
  { request, version, connection, principal, server }: Exchange,
  resource: Resource,
  announced: Announced | undefined,
): Promise<RtspSession> {
  if (connection.sessions.size >= MAX_SESSIONS_PER_CONNECTION) {
    throw new NightjarError('exhausted', 'rtsp/sessions', 'too many sessions on one connection');
  }
  const mount =
    announced?.mount ?? (await server.resolver.resolve(resource.path, resource.query, principal));
  server.limits?.requireRoom(mount, server.sessions.book);
  const description = await mount.describe(requiredSoFar(request, connection, resource, mount));
  server.limits?.requireBandwidth(mount, server.sessions.book);
  const { clock, pacer, cname, highWaterBytes, limits } = server;
  return new RtspSession(
    {
      mount,
      description,
      version,
      url: resource.aggregateUrl,
      announcement: announced?.announcement,
      resource: announced?.resource ?? resource.key,
      principal,
      peerAddress: connection.peerAddress,
      clock,
      pacer,
      output: { cname, highWaterBytes },
      allowance: limits?.readerAllowance,
      onEnd: (ended, reason) => {
        mount.observer?.cut(ended.transport ?? 'tcp', reason);
        server.sessions.end(ended, reason);
        // Over UDP nothing else would tell a publisher.
        if (announced !== undefined) connection.closeGently();
      },
      onNotice: sendNotice,
    },
    clock.monotonicMs(),
  );
}
