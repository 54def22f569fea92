import { RTSP_1_0, RTSP_2_0, type RtspVersion } from '../messages/message.js';

const ENTRY_START = /,\s*(?=url\s*=)/i;
const URL_START = /^\s*url\s*=\s*/i;
const PARAMETER = /^\s*(seq|rtptime|ssrc)\s*=\s*([0-9A-Za-z]{1,10})\s*$/i;
const MAX_SEQ = 0xffff;
const MAX_RTPTIME = 0xffffffff;
const DIGITS = /^\d+$/;
const HEX = /^[0-9a-f]{1,8}$/i;

/** Where one track starts after PLAY, or ended. RFC 2326 s.12.33, RFC 7826 s.18.45. */
export interface RtpInfoEntry {
  /** As sent: absolute, or relative to the base URL (field: Dahua, Reolink). */
  readonly url: string;
  /** 32-bit; RTSP 2.0 only. */
  readonly ssrc?: number;
  /** Sequence number of the first packet, 0-65535. */
  readonly seq?: number;
  /** RTP timestamp that corresponds to the start of Range, 32-bit. */
  readonly rtptime?: number;
}

/**
 * Reads the RTSP 1.0 form and the quoted one of RFC 7826 s.18.45. The header is a hint and never
 * fails: what cannot be read is left out.
 */
export function parseRtpInfo(value: string): RtpInfoEntry[] {
  return value.split(ENTRY_START).flatMap((entry) => parseEntry(entry) ?? []);
}

function parseEntry(text: string): RtpInfoEntry | undefined {
  const start = URL_START.exec(text);
  if (start === null) return undefined;
  const { url, parameters } = splitUrl(text.slice(start[0].length));
  if (url === '') return undefined;
  const entry: { url: string; ssrc?: number; seq?: number; rtptime?: number } = { url };
  for (const parameter of parameters) {
    const match = PARAMETER.exec(parameter);
    const number = match !== null && DIGITS.test(match[2]!) ? Number(match[2]) : Number.NaN;
    const key = match?.[1]?.toLowerCase();
    if (key === 'ssrc' && HEX.test(match![2]!)) entry.ssrc = Number.parseInt(match![2]!, 16);
    if (key === 'seq' && number <= MAX_SEQ) entry.seq = number;
    if (key === 'rtptime' && number <= MAX_RTPTIME) entry.rtptime = number;
  }
  return entry;
}

function splitUrl(text: string): { url: string; parameters: string[] } {
  const closing = text.startsWith('"') ? text.indexOf('"', 1) : -1;
  if (closing > 0) {
    return { url: text.slice(1, closing), parameters: text.slice(closing + 1).split(/[;:]/) };
  }
  // An unquoted URL may hold semicolons: it ends where the first known parameter starts.
  const parts = text.split(';');
  const first = parts.findIndex((part, index) => index > 0 && PARAMETER.test(trimSeparators(part)));
  return {
    url: trimSeparators((first < 0 ? parts : parts.slice(0, first)).join(';')),
    parameters: first < 0 ? [] : parts.slice(first).map(trimSeparators),
  };
}

// field: Longse and others end the header with `;`, some with `,`.
function trimSeparators(text: string): string {
  let end = text.length;
  while (end > 0 && ';, '.includes(text[end - 1]!)) end -= 1;
  return text.slice(0, end).trim();
}

/** Value of an RTP-Info header; empty when nothing can be told. RTSP 2.0 names every source: entries without are left out. */
export function printRtpInfo(
  entries: readonly RtpInfoEntry[],
  version: RtspVersion = RTSP_1_0,
): string {
  if (version === RTSP_2_0) return entries.flatMap((entry) => printEntry2(entry) ?? []).join(', ');
  return entries.map(printEntry).join(',');
}

function printEntry({ url, seq, rtptime }: RtpInfoEntry): string {
  return [`url=${url}`, ...printParameters({ seq, rtptime })].join(';');
}

function printEntry2({ url, ssrc, seq, rtptime }: RtpInfoEntry): string | undefined {
  const parameters = printParameters({ seq, rtptime }).join(';');
  if (ssrc === undefined || parameters === '') return undefined;
  const source = ssrc.toString(16).toUpperCase().padStart(8, '0');
  return `url="${url}" ssrc=${source}:${parameters}`;
}

function printParameters({
  seq,
  rtptime,
}: {
  readonly seq: number | undefined;
  readonly rtptime: number | undefined;
}): string[] {
  const parts: string[] = [];
  if (seq !== undefined) parts.push(`seq=${seq}`);
  if (rtptime !== undefined) parts.push(`rtptime=${rtptime}`);
  return parts;
}
