import { RTSP_1_0 } from '@nightjar/rtsp';
import { notAllowed } from '../answers.js';
import { tellGranted, type SessionMethod } from './method.js';

/** RFC 2326 s.10.11. What is sent is live: Range is not looked at. */
export const record: SessionMethod = {
  name: 'RECORD',
  kind: 'session',
  states: ['ready'],
  versions: [RTSP_1_0],
  answer: async ({ server }, session) => {
    if (session.options.mount.kind !== 'publish')
      return notAllowed(server.methods, record.name, RTSP_1_0);
    await session.record();
    tellGranted(server, session);
    return {
      status: 200,
      headers: { Session: session.id },
      after: () => session.release(),
    };
  },
};
