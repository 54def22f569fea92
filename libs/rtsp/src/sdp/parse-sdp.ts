import { NightjarError } from '@nightjar/common';
import type { MediaKind } from '@nightjar/rtp';
import sdpTransform from 'sdp-transform';
import type { NoteTolerance } from '../tolerated.js';
import { attributeValues, splitSections } from './lines.js';
import { mediaFormat, type RtpMap } from './media-format.js';
import type { SdpSession, SdpTrack } from './session.js';

const KINDS: readonly MediaKind[] = ['video', 'audio', 'application'];
const DIRECTIONS = ['recvonly', 'sendonly', 'sendrecv', 'inactive'] as const;
const RTP_MAP = /^(\d{1,3})\s+([^\s/]+)\s*(?:\/\s*(\d{1,9}))?\s*(?:\/\s*(\d{1,3}))?/;
const FMTP = /^(\d{1,3})(?:\s+(.*))?$/;
const MAX_PAYLOAD_TYPE = 127;
const SRTP = /(?:^|\/)RTP\/SAVPF?\b/i;
const MEDIA_PORT = /^m=\S+ (\d{1,5})\b/;
const MAX_PORT = 65_535;
const MAX_TTL = 255;
/** An IPv4 address of class D. */
const GROUP = /^c=IN\s+IP4\s+(2(?:2[4-9]|3\d)\.\d{1,3}\.\d{1,3}\.\d{1,3})(?:\/(\d{1,3}))?/i;
const MIKEY = /^mikey\s/i;

/** Lines that go to the library, whose grammar of attributes is both wider and narrower than the field's. */
const LIBRARY_LINE = /^(?:m=|b=AS:|a=(?:recvonly|sendonly|sendrecv|inactive)$)/;

/** One `m=` line that describes RTP. */
interface MediaSection {
  readonly kind: MediaKind;
  readonly payloadTypes: readonly number[];
  readonly lines: readonly string[];
  readonly description: LibraryMedia;
}

/** What the reading of one section needs of the others. */
interface Whole {
  readonly session: readonly string[];
  readonly sections: readonly MediaSection[];
  readonly direction: string | undefined;
  readonly note: NoteTolerance;
}

/** What the library yields of a section; it turns whatever looks like a number into one. */
interface LibraryMedia {
  readonly type?: string;
  readonly protocol?: string;
  readonly payloads?: string | number;
  readonly direction?: string;
  readonly bandwidth?: readonly { readonly limit: string | number }[];
}

/**
 * Reads an SDP as cameras write it: unusable media sections and lines are skipped, payload types
 * without rtpmap get their static assignment, an fmtp in the wrong section is found. RFC 8866.
 * @param note told what was borne
 * @throws NightjarError `protocol` if no media section is left.
 */
export function parseSdp(text: string, note: NoteTolerance = () => undefined): SdpSession {
  const { session, media } = splitSections(text);
  const head = readByLibrary(session);
  const sections = media.flatMap((lines) => readMedia(lines) ?? []);
  if (sections.length === 0) {
    throw new NightjarError('protocol', 'rtsp/sdp-no-media', 'SDP without usable media', {
      sections: media.length,
    });
  }
  if (sections.length < media.length) note('foreign-section');
  if (!session.some((line) => line.startsWith('o='))) note('no-origin');
  const whole: Whole = { session, sections, direction: head.direction, note };
  const tracks = sections.map((section) => readTrack(section, whole));
  const range = attributeValues([...session, ...(media[0] ?? [])], 'range');
  return {
    name: session.find((line) => line.startsWith('s='))?.slice('s='.length) ?? '',
    tracks: withoutFalseBackchannels(tracks, note),
    control: controlOf(session),
    ...keyMgmtOf(session),
    ...(range.length > 0 && { range }),
  };
}

function controlOf(lines: readonly string[]): string {
  return attributeValues(lines, 'control').at(-1) ?? '';
}

/** `c=` of the section, else of the session, with the ports of the section (RFC 8866 s.5.7, s.5.14). */
function groupOf({ lines }: MediaSection, session: readonly string[]): Pick<SdpTrack, 'group'> {
  const port = Number(MEDIA_PORT.exec(lines[0] ?? '')?.[1] ?? 0);
  const connection = [...lines, ...session].find((line) => line.startsWith('c='));
  const [, address, ttl] = GROUP.exec(connection ?? '') ?? [];
  if (address === undefined || port === 0 || port >= MAX_PORT) return {};
  return {
    group: {
      address,
      ports: [port, port + 1],
      ttl: ttl === undefined ? undefined : Math.min(Number(ttl), MAX_TTL),
    },
  };
}

/** field: other protocols than MIKEY stand beside it. */
function keyMgmtOf(lines: readonly string[]): { readonly keyMgmt?: string } {
  const keyMgmt = attributeValues(lines, 'key-mgmt').find((value) => MIKEY.test(value));
  return keyMgmt === undefined ? {} : { keyMgmt };
}

function readByLibrary(lines: readonly string[]): {
  readonly direction?: string;
  readonly media: readonly LibraryMedia[];
} {
  try {
    return sdpTransform.parse(lines.filter((line) => LIBRARY_LINE.test(line)).join('\r\n'));
  } catch (cause) {
    throw new NightjarError('protocol', 'rtsp/sdp', 'SDP cannot be read', {}, cause);
  }
}

function readMedia(lines: readonly string[]): MediaSection | undefined {
  const description = readByLibrary(lines).media[0];
  const kind = KINDS.find((one) => one === description?.type);
  if (kind === undefined || description === undefined) return undefined;
  if (!/(?:^|\/)RTP\//i.test(description.protocol ?? '')) return undefined;
  const listed = String(description.payloads ?? '').split(' ');
  const mapped = attributeValues(lines, 'rtpmap').map((value) => RTP_MAP.exec(value)?.[1] ?? '');
  const payloadTypes = [...listed, ...mapped].filter(isPayloadType).map(Number);
  if (payloadTypes.length === 0) return undefined;
  return { kind, payloadTypes, lines, description };
}

function isPayloadType(text: string): boolean {
  return /^\d{1,3}$/.test(text) && Number(text) <= MAX_PAYLOAD_TYPE;
}

function readTrack(section: MediaSection, whole: Whole): SdpTrack {
  const payloadType = section.payloadTypes[0]!;
  const direction = section.description.direction ?? whole.direction;
  const bandwidthKbps = section.description.bandwidth?.[0]?.limit;
  return {
    format: mediaFormat(
      section.kind,
      payloadType,
      readRtpMap(section.lines, payloadType),
      readFmtp(section, whole, payloadType),
      whole.note,
    ),
    control: controlOf(section.lines),
    direction: DIRECTIONS.find((one) => one === direction) ?? 'sendrecv',
    ...(SRTP.test(section.description.protocol ?? '') && { srtp: true as const }),
    ...keyMgmtOf(section.lines),
    ...groupOf(section, whole.session),
    ...(typeof bandwidthKbps === 'number' && { bandwidthKbps }),
  };
}

// The library's own rtpmap pattern cuts names with a plus (`vnd.onvif.metadata+gzip`).
function readRtpMap(lines: readonly string[], payloadType: number): RtpMap | undefined {
  for (const value of attributeValues(lines, 'rtpmap')) {
    const match = RTP_MAP.exec(value);
    if (match === null || Number(match[1]) !== payloadType) continue;
    return {
      encodingName: match[2]!,
      clockRateHz: match[3] === undefined ? undefined : Number(match[3]),
      channels: match[4] === undefined ? undefined : Number(match[4]),
    };
  }
  return undefined;
}

/** The section's own fmtp; else one that stands in a section whose `m=` line does not list the type. */
function readFmtp(
  section: MediaSection,
  { sections, note }: Whole,
  payloadType: number,
): Readonly<Record<string, string>> {
  const strangers = sections.filter((other) => !other.payloadTypes.includes(payloadType));
  for (const { lines } of [section, ...strangers]) {
    const configs = attributeValues(lines, 'fmtp')
      .map((value) => FMTP.exec(value))
      .filter((match) => match !== null && Number(match[1]) === payloadType)
      .map((match) => match?.[2] ?? '');
    if (configs.length === 0) continue;
    if (lines !== section.lines) note('fmtp-elsewhere');
    return parseParameters(configs.join(';'));
  }
  return {};
}

/** `key=value;flag` of an fmtp; the first of two equal keys counts. */
function parseParameters(text: string): Readonly<Record<string, string>> {
  const parameters = new Map<string, string>();
  for (const part of text.split(';')) {
    const equals = part.indexOf('=');
    const key = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    if (key === '' || key === '__proto__' || parameters.has(key)) continue;
    parameters.set(key, equals < 0 ? '' : part.slice(equals + 1).trim());
  }
  return Object.fromEntries(parameters);
}

/** field: cameras that mark every medium `sendonly`, or the picture (D-Link), meaning that they send it. */
function withoutFalseBackchannels(tracks: SdpTrack[], note: NoteTolerance): SdpTrack[] {
  const marked = tracks.filter((track) => track.direction === 'sendonly');
  const all = marked.length === tracks.length;
  if (!all && !marked.some(({ format }) => format.kind === 'video')) return tracks;
  note(all ? 'all-back-channels' : 'picture-as-back-channel');
  return tracks.map((track) =>
    track.direction === 'sendonly' ? { ...track, direction: 'recvonly' } : track,
  );
}
