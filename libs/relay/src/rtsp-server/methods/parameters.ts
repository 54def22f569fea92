import type { Answer } from '../connection.js';
import type { RtspSession } from '../session.js';
import type { Exchange, SessionMethod } from './method.js';

/** RFC 2326 s.10.8. */
export const getParameter: SessionMethod = {
  name: 'GET_PARAMETER',
  kind: 'session',
  states: ['ready', 'playing'],
  answer: answerParameters,
};

/** RFC 2326 s.10.9. */
export const setParameter: SessionMethod = {
  name: 'SET_PARAMETER',
  kind: 'session',
  states: ['ready', 'playing'],
  answer: answerParameters,
};

/** An empty one is a keep-alive, and we have no parameters. */
function answerParameters({ request }: Exchange, session: RtspSession): Promise<Answer> {
  if (request.body.length === 0)
    return Promise.resolve({ status: 200, headers: { Session: session.id } });
  return Promise.resolve({
    status: 451,
    headers: { Session: session.id, 'Content-Type': 'text/parameters' },
    body: request.body,
  });
}
