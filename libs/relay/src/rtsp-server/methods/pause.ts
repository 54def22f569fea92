import type { SessionMethod } from './method.js';

/** RFC 2326 s.10.6. */
export const pause: SessionMethod = {
  name: 'PAUSE',
  kind: 'session',
  states: ['ready', 'playing'],
  answer: async (_, session) => {
    const { range } = await session.pause();
    return {
      status: 200,
      headers: { Session: session.id, ...(range === undefined ? {} : { Range: range }) },
    };
  },
};
