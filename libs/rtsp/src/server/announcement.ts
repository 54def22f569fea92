import { NightjarError } from '@nightjar/common';
import type { RtspRequest } from '../messages/index.js';
import { parseKeyMgmtAttribute, type MikeyMessage } from '../mikey/index.js';
import { parseSdp, type SdpTrack } from '../sdp/index.js';

/** What one ANNOUNCE may bring; more is answered 413. */
export const ANNOUNCE_LIMITS = {
  /** An SDP of more describes no camera. */
  bodyBytes: 64 * 1024,
  tracks: 8,
} as const;

/** What an ANNOUNCE brings. */
export interface AnnouncedMedia {
  readonly tracks: readonly SdpTrack[];
  /** By track, `a=key-mgmt` as given: secrets, which no track holds, for those are shown to others. */
  readonly keyMgmt: readonly (string | undefined)[];
}

/**
 * The tracks of an ANNOUNCE (RFC 2326 s.10.3), as we shall serve them: all media come from the publisher, whatever
 * direction it writes.
 * @throws NightjarError with the status to answer: 415 for what is no SDP or cannot be relayed, 413 for too much, 400 for
 *   an SDP that cannot be read
 */
export function readAnnouncement({ headers, body }: RtspRequest): AnnouncedMedia {
  const type = headers.get('Content-Type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== undefined && type !== '' && type !== 'application/sdp')
    throw refused(415, 'An ANNOUNCE brings application/sdp');
  if (body.length > ANNOUNCE_LIMITS.bodyBytes) throw refused(413, 'The SDP is too long');
  if (body.length === 0) throw refused(400, 'An ANNOUNCE needs an SDP');
  const { tracks, keyMgmt: ofAll } = parseSdp(body.toString('utf8'));
  if (tracks.length > ANNOUNCE_LIMITS.tracks)
    throw refused(413, `More than ${ANNOUNCE_LIMITS.tracks} tracks`);
  const nameless = tracks.find(({ format }) => format.encodingName === '');
  if (nameless !== undefined) {
    const { payloadType } = nameless.format;
    throw refused(415, `Nothing says what payload type ${payloadType} is: a=rtpmap is missing`);
  }
  const media = tracks.map(({ keyMgmt = ofAll, ...track }) => ({ keyMgmt, track }));
  return {
    tracks: media.map(({ track }) => ({ ...track, direction: 'recvonly' })),
    keyMgmt: media.map(({ keyMgmt }) => keyMgmt),
  };
}

function refused(status: number, reason: string): NightjarError {
  return new NightjarError('invalid', 'rtsp/announce', reason, { status, reason });
}

/** What a publisher's SETUP names. */
export type AnnouncedTrack = number | 'aggregate' | undefined;

/** A presentation that a client announced under a URL and has yet to set up. */
export class Announcement {
  private readonly baseForm: string | undefined;
  private readonly trackForms: readonly ReadonlySet<string>[];

  /** @param url of the ANNOUNCE, as sent */
  constructor(
    url: string,
    private readonly media: AnnouncedMedia,
  ) {
    this.baseForm = normalOf(url);
    this.trackForms = media.tracks.map(({ control }) => formsOf(url, control));
  }

  /**
   * What the SDP says that a track is protected with (RFC 4567 s.3.1).
   * @throws NightjarError `protocol` with `where.status` 463 when it cannot be read
   */
  keysOf(track: number): MikeyMessage | undefined {
    const text = this.media.keyMgmt[track];
    return text === undefined ? undefined : parseKeyMgmtAttribute(text);
  }

  /**
   * Which track a SETUP is for. Publishers join base and control in several ways; those that gave no controls set their
   * tracks up in the order of the SDP (field: some encoders repeat the URL of the ANNOUNCE, or number as they like).
   * @param isSetUp of tracks that are taken already
   */
  trackOf(uri: string, isSetUp: (track: number) => boolean): AnnouncedTrack {
    const form = normalOf(uri);
    if (form === undefined || this.baseForm === undefined) return undefined;
    const named = this.trackForms.findIndex((forms) => forms.has(form));
    if (named >= 0) return named;
    const { tracks } = this.media;
    if (tracks.length === 1 && form === this.baseForm) return 0;
    const next = tracks.findIndex(({ control }, i) => isBase(control) && !isSetUp(i));
    if (next >= 0) return next;
    return form === this.baseForm ? 'aggregate' : undefined;
  }
}

function isBase(control: string): boolean {
  return control === '' || control === '*';
}

/** Normal forms of the URLs that a publisher may make of a control. */
function formsOf(base: string, control: string): ReadonlySet<string> {
  if (isBase(control)) return new Set();
  const [path = '', ...queries] = base.split('?');
  const stem = path.replace(/\/+$/, '');
  const query = queries.length === 0 ? '' : `?${queries.join('?')}`;
  const name = control.replace(/^\/+/, '');
  const urls = /^rtsps?:\/\//i.test(control)
    ? [control]
    : [
        `${stem}/${name}${query}`,
        `${stem}${name}${query}`,
        `${stem}${query}/${name}`,
        `${stem}${query}${name}`,
      ];
  return new Set(urls.flatMap((url) => normalOf(url) ?? []));
}

/** Path and query of a URL in a form that is equal for equal ones; hosts are not compared, for encoders make them up. */
function normalOf(url: string): string | undefined {
  const [, path = '', query = ''] = /^(?:rtsps?:\/\/[^/?#]*)?([^?#]*)(\?[^#]*)?/i.exec(url) ?? [];
  try {
    return decodeURIComponent(path).replace(/^\/+|\/+$/g, '') + query.replace(/\/+$/, '');
  } catch {
    return undefined;
  }
}
