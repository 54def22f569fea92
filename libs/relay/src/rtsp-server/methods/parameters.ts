import { asksForMikey, parseMikeyParameter, printMikeyParameter } from '@nightjar/rtsp';
import type { Answer } from '../connection.js';
import { parseResource } from '../resource.js';
import type { RtspSession } from '../session.js';
import type { Exchange, SessionMethod } from './method.js';

/** RFC 2326 s.10.8. */
export const getParameter: SessionMethod = {
  name: 'GET_PARAMETER',
  kind: 'session',
  states: ['ready', 'playing'],
  answer: (exchange, session) =>
    Promise.resolve(tellKeys(exchange, session) ?? keepAlive(exchange, session)),
};

/** RFC 2326 s.10.9. */
export const setParameter: SessionMethod = {
  name: 'SET_PARAMETER',
  kind: 'session',
  states: ['ready', 'playing'],
  // eslint-disable-next-line typescript/require-await -- refusals must arrive as rejections
  answer: async (exchange, session) => takeKeys(exchange, session) ?? keepAlive(exchange, session),
};

/** An empty one is a keep-alive, and there are no other parameters than keys. */
function keepAlive({ request }: Exchange, session: RtspSession): Answer {
  if (request.body.length === 0) return { status: 200, headers: { Session: session.id } };
  return {
    status: 451,
    headers: { Session: session.id, 'Content-Type': 'text/parameters' },
    body: request.body,
  };
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
