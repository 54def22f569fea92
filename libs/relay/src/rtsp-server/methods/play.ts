import { printRtpInfo } from '@nightjar/rtsp';
import { notInState } from '../answers.js';
import type { Answer } from '../connection.js';
import { requiredOf } from '../features.js';
import { printPlayHeaders, readPlayHeaders } from '../play-headers.js';
import { parseResource, trackUrl } from '../resource.js';
import type { RtspSession } from '../session.js';
import type { Exchange, SessionMethod } from './method.js';

/** RFC 2326 s.10.5. */
export const play: SessionMethod = {
  name: 'PLAY',
  kind: 'session',
  states: ['ready', 'playing'],
  answer: answerPlay,
};

async function answerPlay({ request, server }: Exchange, session: RtspSession): Promise<Answer> {
  if (session.transport === undefined) return notInState(server.methods, session);
  session.require(requiredOf(request, session.options.mount));
  const asked = readPlayHeaders(request.headers, session.required);
  if (asked.range?.unit === 'other') return { status: 501, headers: { Session: session.id } };
  try {
    const answer = await session.play(asked);
    const resource = parseResource(request.uri);
    const rtpInfo = printRtpInfo(
      answer.rtpInfo
        .filter(({ track }) => session.hasTrack(track))
        .map(({ track, seq, rtptime }) => ({
          url: trackUrl(resource, track),
          ...(seq === undefined ? {} : { seq }),
          ...(rtptime === undefined ? {} : { rtptime }),
        })),
    );
    return {
      status: 200,
      headers: {
        Session: session.id,
        ...printPlayHeaders(answer, asked),
        ...(rtpInfo === '' ? {} : { 'RTP-Info': rtpInfo }),
      },
      after: () => session.release(),
    };
  } catch (error) {
    if (session.state === 'playing') queueMicrotask(() => session.release());
    throw error;
  }
}
