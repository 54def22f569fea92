import type { OpenMethod } from './method.js';

/** RFC 2326 s.10.1, RFC 7826 s.13.1. */
export const options: OpenMethod = {
  name: 'OPTIONS',
  kind: 'open',
  states: ['ready', 'playing', 'recording'],
  answer: ({ request, connection, version, server }) => {
    server.sessions.touch(request, connection);
    return { status: 200, headers: { Public: server.methods.names(version) } };
  },
};
