import { NightjarError } from '@nightjar/common';
import { resolveControl, type SdpSession, type SdpTrack } from '../sdp/index.js';
import type { RtspResponse } from '../messages/index.js';
import type { NoteTolerance, SignallingTolerance } from '../tolerated.js';
import type { HandshakeContext } from './handshake-context.js';

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
  { url: requestUrl, policy, note }: Pick<HandshakeContext, 'url' | 'policy' | 'note'>,
): Presentation {
  const { controlBase, controlUrl, direction } = policy;
  const asked = controlBase === 'asked';
  const base = asked ? requestUrl : baseOf(response, requestUrl, note);
  const aggregateUrl = asked ? requestUrl : resolveControl(base, sdp.control, controlUrl);
  // Keys stay here: the description of a track is shown to others.
  const present = ({ keyMgmt = sdp.keyMgmt, ...track }: SdpSession['tracks'][number]) => ({
    track,
    keyMgmt,
    // field: the only track of a presentation may go without a control URL of its own.
    url: track.control === '' ? aggregateUrl : resolveControl(base, track.control, controlUrl),
  });
  if (direction === 'ignore')
    return { aggregateUrl, tracks: sdp.tracks.map(present), backchannel: undefined };
  const backchannel = sdp.tracks.find(
    (track) => track.direction === 'sendonly' && track.format.kind === 'audio',
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

function baseOf(response: RtspResponse, requestUrl: string, note: NoteTolerance): string {
  const given = response.headers.get('Content-Base') ?? response.headers.get('Content-Location');
  return (given === undefined ? undefined : repaired(given.trim(), requestUrl, note)) ?? requestUrl;
}

/** What is wrong with a base URL, and how it is put right. */
type Repair = readonly [SignallingTolerance, (base: string) => string];

const REPAIRS: readonly Repair[] = [
  ['base-with-two-schemes', (base) => base.replace(/^(?:rtsp:\/\/)+(?=rtsps?:\/\/)/i, '')],
  ['base-without-scheme', (base) => (/^rtsps?:\/\//i.test(base) ? base : `rtsp://${base}`)],
  [
    'base-with-mapped-address',
    (base) => base.replace(/^(rtsps?:\/\/)\[?::ffff:(\d+\.\d+\.\d+\.\d+)\]?/i, '$1$2'),
  ],
  ['base-with-login', (base) => base.replace(/^(rtsps?:\/\/)[^/@]*@/i, '$1')],
];

/** A base URL as cameras write it, or undefined when it is beyond repair. */
function repaired(given: string, requestUrl: string, note: NoteTolerance): string | undefined {
  const path = given.startsWith('/');
  if (path) note('base-without-host');
  let base = path ? authorityOf(requestUrl) + given : given;
  for (const [what, repair] of REPAIRS) {
    const next = repair(base);
    if (next !== base) note(what);
    base = next;
  }
  return URL.canParse(base) && !/\s/.test(base) ? base : undefined;
}

function authorityOf(url: string): string {
  return /^rtsps?:\/\/[^/?]*/i.exec(url)?.[0] ?? url;
}
