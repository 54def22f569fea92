import { RTSP_2_0, type Range } from '@nightjar/rtsp';
import { aggregateOnly, notAllowed, notInState, notInUnits } from '../answers.js';
import type { Answer } from '../connection.js';
import { requiredOf } from '../features.js';
import type { PlayAnswer } from '../mount.js';
import { mediaRange, rtpInfoOf } from '../notices.js';
import { printPlayHeaders, readPlayHeaders } from '../play-headers.js';
import { parseResource } from '../resource.js';
import type { RtspSession } from '../session.js';
import { tellGranted, type Exchange, type SessionMethod } from './method.js';

/** RFC 2326 s.10.5, RFC 7826 s.13.4. */
export const play: SessionMethod = {
  name: 'PLAY',
  kind: 'session',
  states: ['ready', 'playing'],
  answer: answerPlay,
};

async function answerPlay(
  { request, version, server }: Exchange,
  session: RtspSession,
): Promise<Answer> {
  if (session.options.mount.kind === 'publish')
    return notAllowed(server.methods, play.name, version);
  if (session.transport === undefined) return notInState(server.methods, session);
  session.require(requiredOf(request, session.options.mount));
  const resource = parseResource(request.uri);
  if (!session.isWhole(resource)) return aggregateOnly(session);
  const asked = readPlayHeaders(request, session.required);
  if (version === RTSP_2_0 && !isPlayable(asked.range, session)) return notInUnits(session);
  if (asked.range?.unit === 'other') return { status: 501, headers: { Session: session.id } };
  try {
    const answer = await session.play(asked);
    if (session.played === undefined) tellGranted(server, session);
    session.played = { cseq: request.headers.get('CSeq') ?? '0', answer };
    const rtpInfo = rtpInfoOf(session, answer.rtpInfo, resource);
    return {
      status: 200,
      headers: {
        Session: session.id,
        ...printPlayHeaders(answer, asked),
        ...(version === RTSP_2_0 ? headersOf2(session, answer) : {}),
        ...(rtpInfo === '' ? {} : { 'RTP-Info': rtpInfo }),
      },
      after: () => session.release(),
    };
  } catch (error) {
    if (session.state === 'playing') queueMicrotask(() => session.release());
    throw error;
  }
}

/** RTSP 1.0 is not that strict: players ask a live stream for a range by habit, and get what is there. */
function isPlayable(range: Range | undefined, { media }: RtspSession): boolean {
  if (range === undefined) return true;
  if (range.unit === 'other' || !media.units.includes(range.unit)) return false;
  return media.properties.seeking !== 'none' || range.start === 'now' || !range.start;
}

function headersOf2(
  { media }: RtspSession,
  { seekStyle = 'RAP' }: PlayAnswer,
): Record<string, string> {
  return {
    ...(media.properties.seeking === 'none' ? {} : { 'Seek-Style': seekStyle }),
    ...mediaRange(media),
  };
}
