import { RTSP_2_0, parseRange } from '@nightjar/rtsp';
import { aggregateOnly } from '../answers.js';
import type { Answer } from '../connection.js';
import { mediaRange } from '../notices.js';
import { parseResource } from '../resource.js';
import type { RtspSession } from '../session.js';
import type { Exchange, SessionMethod } from './method.js';

/** RFC 2326 s.10.6, RFC 7826 s.13.6. */
export const pause: SessionMethod = {
  name: 'PAUSE',
  kind: 'session',
  states: ['ready', 'playing', 'recording'],
  answer: answerPause,
};

async function answerPause({ request, version }: Exchange, session: RtspSession): Promise<Answer> {
  if (!session.isWhole(parseResource(request.uri))) return aggregateOnly(session);
  // RTSP 2.0 knows no pause point: its client cannot mean one.
  const header = version === RTSP_2_0 ? undefined : request.headers.get('Range');
  const at = header === undefined ? undefined : parseRange(header);
  if (at !== undefined && (at.unit === 'other' || at.end !== undefined))
    return { status: at.unit === 'other' ? 501 : 457, headers: { Session: session.id } };
  const { range } = await session.pause(at);
  return {
    status: 200,
    headers: {
      Session: session.id,
      ...(version === RTSP_2_0
        ? { Range: range ?? 'npt=now-', ...mediaRange(session.media) }
        : range === undefined
          ? {}
          : { Range: range }),
    },
  };
}
