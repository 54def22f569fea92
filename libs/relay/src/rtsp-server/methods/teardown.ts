import type { SessionMethod } from './method.js';

/** RFC 2326 s.10.7. */
export const teardown: SessionMethod = {
  name: 'TEARDOWN',
  kind: 'session',
  states: ['ready', 'playing'],
  answer: ({ connection, server }, session) => {
    connection.sessions.delete(session);
    server.sessions.drop(session, false);
    return Promise.resolve({ status: 200 });
  },
};
