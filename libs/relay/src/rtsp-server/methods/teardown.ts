import { RTSP_2_0 } from '@nightjar/rtsp';
import { notInState } from '../answers.js';
import type { Answer } from '../connection.js';
import { parseResource } from '../resource.js';
import type { RtspSession } from '../session.js';
import type { Exchange, SessionMethod } from './method.js';

/** RFC 2326 s.10.7, RFC 7826 s.13.7.1: of the session, or of one of its tracks. */
export const teardown: SessionMethod = {
  name: 'TEARDOWN',
  kind: 'session',
  states: ['ready', 'playing', 'recording'],
  answer: (exchange, session) => Promise.resolve(answerTeardown(exchange, session)),
};

function answerTeardown({ request, version, server }: Exchange, session: RtspSession): Answer {
  const resource = parseResource(request.uri);
  if (session.isWhole(resource)) {
    server.sessions.drop(session);
    // In RTSP 2.0 an answer without Session says that there is none any more.
    return { status: 200 };
  }
  const alive = { Session: session.id };
  if (!session.hasTrack(resource.track!)) return { status: 404, headers: alive };
  if (version === RTSP_2_0 && session.state === 'playing')
    return notInState(server.methods, session);
  session.removeTrack(resource.track!);
  return { status: 200, headers: alive };
}
