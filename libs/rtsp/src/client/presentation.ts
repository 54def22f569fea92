import { NightjarError } from '@nightjar/common';
import { resolveControl, type SdpSession, type SdpTrack } from '../sdp/index.js';
import type { RtspResponse } from '../messages/index.js';

/** What DESCRIBE found, with URLs ready for use. */
export interface Presentation {
  /** URL that controls all tracks at once (RFC 2326 s.1.3, aggregate control). */
  readonly aggregateUrl: string;
  readonly tracks: readonly PresentedTrack[];
  /** Audio that goes the other way. */
  readonly backchannel: PresentedTrack | undefined;
}

export interface PresentedTrack {
  readonly track: SdpTrack;
  readonly url: string;
  /** Key management that the SDP has for it. */
  readonly keyMgmt: string | undefined;
  /** Feature tag that its SETUP names. */
  readonly require?: string;
}

/**
 * Joins the SDP of a DESCRIBE response with the base its URLs are relative to (RFC 2326 s.C.1.1).
 *
 * @throws NightjarError `protocol` when no track is left to set up.
 */
export function presentationOf(
  sdp: SdpSession,
  response: RtspResponse,
  requestUrl: string,
): Presentation {
  const base = baseOf(response, requestUrl);
  const aggregateUrl = resolveControl(base, sdp.control);
  // Keys stay here: the description of a track is shown to others.
  const present = ({ keyMgmt = sdp.keyMgmt, ...track }: SdpSession['tracks'][number]) => ({
    track,
    keyMgmt,
    // field: the only track of a presentation may go without a control URL of its own.
    url: track.control === '' ? aggregateUrl : resolveControl(base, track.control),
  });
  const backchannel = sdp.tracks.find(
    ({ direction, format }) => direction === 'sendonly' && format.kind === 'audio',
  );
  return {
    aggregateUrl,
    tracks: usableTracks(sdp.tracks).map(present),
    backchannel: backchannel && present(backchannel),
  };
}

/** Tracks the server sends to us: no back channel, which the SDP marks `sendonly` (ONVIF Streaming s.5.3). */
function usableTracks(tracks: readonly SdpTrack[]): readonly SdpTrack[] {
  const usable = tracks.filter(
    ({ direction }) => direction === 'recvonly' || direction === 'sendrecv',
  );
  if (usable.length > 0) return usable;
  throw new NightjarError('protocol', 'rtsp/no-track', 'the SDP has no media that comes to us');
}

function baseOf(response: RtspResponse, requestUrl: string): string {
  const given = response.headers.get('Content-Base') ?? response.headers.get('Content-Location');
  return (given === undefined ? undefined : repairBase(given.trim(), requestUrl)) ?? requestUrl;
}

/**
 * A base URL as cameras write it, or undefined when it is beyond repair.
 * field: scheme missing (Anpviz), scheme twice, path only, IPv4 mapped into IPv6.
 */
function repairBase(given: string, requestUrl: string): string | undefined {
  if (given.startsWith('/')) return authorityOf(requestUrl) + given;
  const single = given.replace(/^(?:rtsp:\/\/)+(?=rtsps?:\/\/)/i, '');
  const absolute = /^rtsps?:\/\//i.test(single) ? single : `rtsp://${single}`;
  const unmapped = absolute.replace(/^(rtsps?:\/\/)\[?::ffff:(\d+\.\d+\.\d+\.\d+)\]?/i, '$1$2');
  const clean = unmapped.replace(/^(rtsps?:\/\/)[^/@]*@/i, '$1');
  return URL.canParse(clean) && !/\s/.test(clean) ? clean : undefined;
}

function authorityOf(url: string): string {
  return /^rtsps?:\/\/[^/?]*/i.exec(url)?.[0] ?? url;
}
