import { RTSP_2_0, asksForMikey, parseMikeyParameter, printMikeyParameter } from '@nightjar/rtsp';
import type { Answer } from '../connection.js';
import { mediaHeaders } from '../notices.js';
import { parseResource } from '../resource.js';
import type { RtspSession } from '../session.js';
import type { Exchange, ResourceMethod, ServerContext } from './method.js';

/** RFC 2326 s.10.8, RFC 7826 s.13.8. */
export const getParameter: ResourceMethod = {
  name: 'GET_PARAMETER',
  kind: 'resource',
  states: ['ready', 'playing', 'recording'],
  // eslint-disable-next-line typescript/require-await -- refusals must arrive as rejections
  answer: async (exchange) => answerParameters(exchange, tellKeys, read),
};

/** RFC 2326 s.10.9, RFC 7826 s.13.9. */
export const setParameter: ResourceMethod = {
  name: 'SET_PARAMETER',
  kind: 'resource',
  states: ['ready', 'playing', 'recording'],
  // eslint-disable-next-line typescript/require-await -- refusals must arrive as rejections
  answer: async (exchange) => answerParameters(exchange, takeKeys, refuseToSet),
};

const MEDIA_TYPE = 'text/parameters';

/** Parameters of a session; they can be read alone. */
const PARAMETERS: Readonly<
  Record<string, (session: RtspSession, server: ServerContext) => string>
> = {
  timeout: (_session, { sessionTimeoutSeconds }) => String(sessionTimeoutSeconds),
  state: ({ state }) => state,
  transport: ({ transport = '' }) => transport,
};

/** An empty one is a sign of life, also without a session: some players keep their connection so. */
function answerParameters(
  exchange: Exchange,
  keys: (exchange: Exchange, session: RtspSession) => Answer | undefined,
  answerTo: (
    names: readonly string[],
    session: RtspSession | undefined,
    server: ServerContext,
  ) => Answer,
): Answer {
  const { request, version, connection, principal, server } = exchange;
  const { headers, body } = request;
  const session = server.sessions.isNamed(request, connection)
    ? server.sessions.of(request, connection, principal)
    : undefined;
  const own = session === undefined ? {} : { Session: session.id };
  if (body.length === 0) {
    const asked = session !== undefined && version === RTSP_2_0 ? mediaAsked(session, headers) : {};
    return { status: 200, headers: { ...own, ...asked } };
  }
  const keyed = session === undefined ? undefined : keys(exchange, session);
  if (keyed !== undefined) return keyed;
  const type = headers.get('Content-Type');
  if (type !== undefined && !/^text\/parameters\b/i.test(type))
    return { status: 415, headers: { ...own, Accept: MEDIA_TYPE } };
  const answer = answerTo(namesIn(body), session, server);
  const typed = answer.body === undefined ? {} : { 'Content-Type': MEDIA_TYPE };
  return { ...answer, headers: { ...own, ...typed } };
}

/** Headers that stand empty in the request, with their values (RFC 7826 s.13.8). */
function mediaAsked(
  { media }: RtspSession,
  headers: Exchange['request']['headers'],
): Record<string, string> {
  const all = { ...mediaHeaders(media), 'Accept-Ranges': media.units.join(', ') };
  return Object.fromEntries(Object.entries(all).filter(([name]) => headers.get(name) === ''));
}

/** One to a line, with or without a value. */
function namesIn(body: Buffer): string[] {
  return body
    .toString('utf8')
    .split(/\r\n|\r|\n/)
    .map((line) => line.split(':', 1)[0]!.trim())
    .filter((name) => name !== '');
}

function read(
  names: readonly string[],
  session: RtspSession | undefined,
  server: ServerContext,
): Answer {
  const unknown = names.filter((name) => !isKnown(name, session));
  if (unknown.length > 0) return { status: 451, body: lines(unknown) };
  return {
    status: 200,
    body: lines(names.map((name) => `${name}: ${PARAMETERS[name]!(session!, server)}`)),
  };
}

function refuseToSet(names: readonly string[], session: RtspSession | undefined): Answer {
  const unknown = names.filter((name) => !isKnown(name, session));
  return unknown.length > 0
    ? { status: 451, body: lines(unknown) }
    : { status: 458, body: lines(names) };
}

function isKnown(name: string, session: RtspSession | undefined): boolean {
  return session !== undefined && Object.hasOwn(PARAMETERS, name);
}

function lines(all: readonly string[]): Buffer {
  return Buffer.from(all.map((line) => `${line}\r\n`).join(''), 'utf8');
}

/** The present keys of a session of SRTP (ONVIF Streaming s.8.2.1.3). Keys are told through TLS alone. */
function tellKeys(
  { request, connection, server }: Exchange,
  session: RtspSession,
): Answer | undefined {
  if (session.srtp === undefined || !connection.peer.secure) return undefined;
  if (!asksForMikey(request.body)) return undefined;
  const { track } = parseResource(request.uri);
  const keyed = session.keyedTracks.filter((one) => track === undefined || one.track === track);
  return {
    status: 200,
    headers: { Session: session.id, 'Content-Type': 'text/parameters' },
    body: printMikeyParameter(session.srtp.describe(keyed), server.clock.wallMs()),
  };
}

/** Another key, which the client chose (ONVIF Streaming s.8.2.1.2). @throws NightjarError with status 463 */
function takeKeys({ request, connection }: Exchange, session: RtspSession): Answer | undefined {
  if (session.srtp === undefined || !connection.peer.secure) return undefined;
  const message = parseMikeyParameter(request.body);
  if (message === undefined) return undefined;
  session.srtp.rekey(parseResource(request.uri).track, message);
  return { status: 200, headers: { Session: session.id } };
}
