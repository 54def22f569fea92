import type { ByteWindow } from './byte-window.js';
import { nextStartCode } from './start-codes.js';

/** Stream identifiers, ISO/IEC 13818-1 table 2-18. */
export const PACK = 0xba;
export const PRIVATE_1 = 0xbd;
const FIRST_STREAM = 0xbc;
const PADDING = 0xbe;
const PRIVATE_2 = 0xbf;
const FIRST_AUDIO = 0xc0;
const LAST_AUDIO = 0xdf;
const FIRST_VIDEO = 0xe0;
const LAST_VIDEO = 0xef;
const PTS_PER_MS = 90;
const MAX_MPEG1_STUFFING = 16;

export type PesKind = 'video' | 'audio' | 'private';

/** One packet of an elementary stream. */
export interface PesPacket {
  /** The streams of private stream 1 are told apart by their first byte. */
  readonly id: number;
  readonly kind: PesKind;
  readonly start: number;
  readonly end: number;
  /** Where the payload begins. */
  readonly body: number;
  /** Presentation time of the first unit that begins in it, milliseconds of the stream's clock. */
  readonly ptsMs: number | undefined;
}

/** The first packet of sound or video at or behind an offset. Undefined at the end of the file. */
export async function nextPes(window: ByteWindow, from: number): Promise<PesPacket | undefined> {
  for (let at = await nextStartCode(window, from); at !== undefined;) {
    const header = await window.view(at, HEADER_BYTES);
    const packet = readPes(header, at);
    if (packet !== undefined) return packet.end <= window.sizeBytes ? packet : undefined;
    // Sizes of what is not wanted: its content may hold what looks like a start code.
    const id = header[3] ?? 0;
    const skip = id === PADDING || id === PRIVATE_2 || id === FIRST_STREAM;
    const size = skip && header.length >= 6 ? 6 + header.readUInt16BE(4) : 3;
    at = await nextStartCode(window, at + size);
  }
  return undefined;
}

/** Start code, length, flags, times, and what MPEG-1 may stuff before them. */
const HEADER_BYTES = 6 + MAX_MPEG1_STUFFING + 2 + 255;

/** A packet of sound or video whose header begins in some bytes. @param start where the bytes lie in the file */
export function readPes(bytes: Buffer, start: number): PesPacket | undefined {
  if (bytes.length < 9 || bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 1) return undefined;
  const id = bytes[3]!;
  const kind = kindOf(id);
  const length = bytes.readUInt16BE(4);
  if (kind === undefined || length === 0) return undefined;
  const end = start + 6 + length;
  const header = (bytes[6]! & 0xc0) === 0x80 ? mpeg2Header(bytes) : mpeg1Header(bytes);
  if (header === undefined || start + header.bytes > end) return undefined;
  return { id, kind, start, end, body: start + header.bytes, ptsMs: header.ptsMs };
}

function kindOf(id: number): PesKind | undefined {
  if (id === PRIVATE_1) return 'private';
  if (id >= FIRST_AUDIO && id <= LAST_AUDIO) return 'audio';
  return id >= FIRST_VIDEO && id <= LAST_VIDEO ? 'video' : undefined;
}

interface PesHeader {
  readonly bytes: number;
  readonly ptsMs: number | undefined;
}

/** ISO/IEC 13818-1 s.2.4.3.6. */
function mpeg2Header(bytes: Buffer): PesHeader {
  const hasTime = (bytes[7]! & 0x80) !== 0 && bytes.length >= 14;
  return { bytes: 9 + bytes[8]!, ptsMs: hasTime ? timeOf(bytes, 9) : undefined };
}

/** ISO/IEC 11172-1 s.2.4.3.3. */
function mpeg1Header(bytes: Buffer): PesHeader | undefined {
  let at = 6;
  while (bytes[at] === 0xff && at < 6 + MAX_MPEG1_STUFFING) at += 1;
  if (((bytes[at] ?? 0) & 0xc0) === 0x40) at += 2; // buffer size
  const marker = bytes[at] ?? 0;
  if (marker >> 4 === 2 && at + 5 <= bytes.length)
    return { bytes: at + 5, ptsMs: timeOf(bytes, at) };
  if (marker >> 4 === 3 && at + 10 <= bytes.length)
    return { bytes: at + 10, ptsMs: timeOf(bytes, at) };
  return marker === 0x0f ? { bytes: at + 1, ptsMs: undefined } : undefined;
}

/** 33 bits with marker bits among them. */
function timeOf(bytes: Buffer, at: number): number {
  const high = (bytes[at]! >> 1) & 7;
  const middle = bytes.readUInt16BE(at + 1) >> 1;
  const low = bytes.readUInt16BE(at + 3) >> 1;
  return (high * 2 ** 30 + middle * 2 ** 15 + low) / PTS_PER_MS;
}
