import {
  printMediaProperties,
  printRtpInfo,
  printScale,
  type RtpInfoEntry,
  RTSP_2_0,
} from '@nightjar/rtsp';
import type { MountMedia, StreamNotice, TrackInfo } from './mount.js';
import { parseResource, trackUrl } from './resource.js';
import type { ControlConnection, RtspSession } from './session.js';

/** Why a session is ended by us, as Terminate-Reason says it (RFC 7826 s.18.52); all others are the operator's doing. */
const TERMINATE_REASONS: Readonly<Record<string, string>> = {
  timeout: 'Session-Timeout',
  'playback-failed': 'Internal-Error',
};

/** Tells a client of RTSP 2.0 that its session has ended. RFC 7826 s.13.7.2. */
export function sendTeardown(
  session: RtspSession,
  control: ControlConnection | undefined,
  reason: string,
): void {
  if (session.version !== RTSP_2_0 || control === undefined) return;
  const cause = TERMINATE_REASONS[reason] ?? 'Server-Admin';
  control.ask('TEARDOWN', session.options.url, {
    Session: session.id,
    'Terminate-Reason': `${cause};user-msg="${reason}"`,
  });
}

/** Tells a client of RTSP 2.0 what happened to what it plays. RFC 7826 s.13.5. */
export function sendNotice(session: RtspSession, notice: StreamNotice): void {
  const { control, options, played } = session;
  control?.ask('PLAY_NOTIFY', options.url, {
    Session: session.id,
    'Notify-Reason': notice.kind,
    ...headersOf(session, notice, played?.cseq ?? '0'),
  });
}

function headersOf(
  session: RtspSession,
  notice: StreamNotice,
  cseq: string,
): Record<string, string> {
  const media = mediaHeaders(session.media);
  if (notice.kind === 'media-properties-update') return media;
  const rtpInfo = rtpInfoOf(session, notice.rtpInfo);
  const place = { Range: notice.range, ...(rtpInfo === '' ? {} : { 'RTP-Info': rtpInfo }) };
  if (notice.kind === 'scale-change')
    return { ...media, ...place, Scale: printScale(notice.scale) };
  const scale = session.played?.answer.scale ?? 1;
  return {
    'Request-Status': `cseq=${cseq} status=200 reason="OK"`,
    ...place,
    ...(scale === 1 ? {} : { Scale: printScale(scale) }),
  };
}

/** Media-Properties, and Media-Range where more comes as time passes. */
export function mediaHeaders({ properties, ranges }: MountMedia): Record<string, string> {
  return {
    'Media-Properties': printMediaProperties(properties),
    ...mediaRange({ properties, ranges }),
  };
}

export function mediaRange({
  properties,
  ranges,
}: Pick<MountMedia, 'properties' | 'ranges'>): Record<string, string> {
  return properties.content === 'progressing' ? { 'Media-Range': ranges.join(', ') } : {};
}

/** Value of RTP-Info for the tracks that were set up. */
export function rtpInfoOf(
  session: RtspSession,
  tracks: readonly TrackInfo[],
  resource = parseResource(session.options.url),
): string {
  const entries = tracks
    .filter(({ track }) => session.hasTrack(track))
    .map(({ track, ssrc, ...place }): RtpInfoEntry => {
      const source = ssrc ?? session.announcedSsrc(track);
      return {
        url: trackUrl(resource, track),
        ...(source === undefined ? {} : { ssrc: source }),
        ...place,
      };
    });
  return printRtpInfo(entries, session.version);
}
