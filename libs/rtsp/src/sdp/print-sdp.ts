import type { TrackFormat } from '@nightjar/rtp';
import sdpTransform from 'sdp-transform';

/** What a DESCRIBE answer says. */
export interface SdpOffer {
  /** Digits; the same as long as the mount lives. */
  readonly sessionId: string;
  /** Rises when the description changes. */
  readonly sessionVersion: number;
  readonly name: string;
  /** `a=range` values. */
  readonly range?: readonly string[];
  /** Values of further `a=` lines of the whole. */
  readonly attributes?: readonly string[];
  /** Group and time to live that the media are sent to. Absent: where SETUP says. */
  readonly multicast?: { readonly address: string; readonly ttl: number };
  readonly tracks: readonly {
    readonly format: TrackFormat;
    readonly control: string;
    /** RTP port of a group. Absent: what SETUP says. */
    readonly port?: number;
    /** Value of `a=key-mgmt` (RFC 4567): the track is sent by SRTP. */
    readonly keyMgmt?: string | undefined;
    /** Values of further `a=` lines. */
    readonly attributes?: readonly string[];
  }[];
}

/** Types for attributes outside the library's grammar, which it prints from `invalid`. */
type Printable = Omit<sdpTransform.SessionDescription, 'media'> & {
  invalid: { value: string }[];
  media: (sdpTransform.MediaDescription & { payloads: string; invalid: { value: string }[] })[];
};

/** SDP of a presentation served by us, with relative controls. RFC 8866, RFC 2326 App. C. */
export function printSdp(offer: SdpOffer): string {
  const session: Printable = {
    version: 0,
    origin: {
      username: '-',
      sessionId: oneLine(offer.sessionId),
      sessionVersion: offer.sessionVersion,
      netType: 'IN',
      ipVer: 4,
      address: '0.0.0.0',
    },
    name: oneLine(offer.name) || '-',
    connection: { version: 4, ip: connectionAddress(offer.multicast) },
    timing: { start: 0, stop: 0 },
    control: '*',
    invalid: [
      ...(offer.range ?? []).map((range) => `range:${range}`),
      ...(offer.attributes ?? []),
    ].map((value) => ({ value: oneLine(value) })),
    media: offer.tracks.map(printMedia),
  };
  return sdpTransform.write(session);
}

/** An IPv4 group stands with its time to live (RFC 8866 s.5.7). */
function connectionAddress(multicast: SdpOffer['multicast']): string {
  return multicast === undefined ? '0.0.0.0' : `${multicast.address}/${multicast.ttl}`;
}

function printMedia({
  format,
  control,
  port = 0,
  keyMgmt,
  attributes = [],
}: SdpOffer['tracks'][number]): Printable['media'][number] {
  const config = Object.entries(format.fmtp)
    .map(([key, value]) => oneLine(value === '' ? key : `${key}=${value}`))
    .join(';');
  return {
    type: format.kind,
    port,
    protocol: keyMgmt === undefined ? 'RTP/AVP' : 'RTP/SAVP',
    payloads: String(format.payloadType),
    rtp: format.encodingName === '' ? [] : [printRtpMap(format)],
    fmtp: config === '' ? [] : [{ payload: format.payloadType, config }],
    control: oneLine(control),
    invalid: [...(keyMgmt === undefined ? [] : [`key-mgmt:${keyMgmt}`]), ...attributes].map(
      (value) => ({ value: oneLine(value) }),
    ),
  };
}

function printRtpMap(format: TrackFormat): sdpTransform.MediaDescription['rtp'][number] {
  // Opus always says two channels, whatever is inside. RFC 7587 s.7.
  const channels = format.codec === 'opus' ? 2 : format.channels;
  return {
    payload: format.payloadType,
    codec: oneLine(format.encodingName),
    rate: format.clockRateHz,
    ...(channels > 1 && { encoding: channels }),
  };
}

/** Names come from configuration and cameras: a line break in one must not become a line of SDP. */
function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim();
}
