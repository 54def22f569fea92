import type { OpenMethod } from './method.js';

/** RFC 2326 s.10.1. */
export const options: OpenMethod = {
  name: 'OPTIONS',
  kind: 'open',
  states: ['ready', 'playing'],
  answer: ({ request, server }) => {
    server.sessions.touch(request);
    return { status: 200, headers: { Public: server.methods.names } };
  },
};
