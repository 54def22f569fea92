/**
 * Field access on an RTP packet that lies inside a larger buffer, without allocation (RFC 3550 s.5.1).
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 * |                           timestamp                           |
 * |                             SSRC                              |
 * |                    CSRC x CC, extension, payload, padding     |
 * ```
 */

/** Fixed part of the header, before CSRCs and extension. */
export const RTP_HEADER_BYTES = 12;

const VERSION = 2;
const PADDING_FLAG = 0x20;
const EXTENSION_FLAG = 0x10;
const CSRC_COUNT_MASK = 0x0f;
const MARKER_FLAG = 0x80;

/** Why bytes are not an RTP packet. */
export type RtpDefect = 'short' | 'version' | 'csrc' | 'extension' | 'padding';

/**
 * Undefined when `length` bytes at `offset` are a valid RTP packet, else the reason. Never throws, also not when the
 * range leaves the buffer. The other functions of this file trust what passed here.
 */
export function rtpDefect(buf: Buffer, offset: number, length: number): RtpDefect | undefined {
  if (offset < 0 || length < RTP_HEADER_BYTES || offset + length > buf.length) return 'short';
  const first = buf[offset] ?? 0;
  if (first >> 6 !== VERSION) return 'version';
  let headerBytes = RTP_HEADER_BYTES + (first & CSRC_COUNT_MASK) * 4;
  if (headerBytes > length) return 'csrc';
  if ((first & EXTENSION_FLAG) !== 0) {
    if (headerBytes + 4 > length) return 'extension';
    headerBytes += 4 + buf.readUInt16BE(offset + headerBytes + 2) * 4;
    if (headerBytes > length) return 'extension';
  }
  if ((first & PADDING_FLAG) !== 0) {
    const paddingBytes = buf[offset + length - 1] ?? 0;
    if (paddingBytes === 0 || headerBytes + paddingBytes > length) return 'padding';
  }
  return undefined;
}

/** Payload type, 0-127. */
export function payloadTypeOf(buf: Buffer, offset: number): number {
  return (buf[offset + 1] ?? 0) & 0x7f;
}

/** Sequence number, 16 bits. */
export function sequenceOf(buf: Buffer, offset: number): number {
  return buf.readUInt16BE(offset + 2);
}

/** Timestamp, 32 bits, in ticks of the track's clock. */
export function timestampOf(buf: Buffer, offset: number): number {
  return buf.readUInt32BE(offset + 4);
}

/** Synchronization source, 32 bits. */
export function ssrcOf(buf: Buffer, offset: number): number {
  return buf.readUInt32BE(offset + 8);
}

/** Marker bit; its meaning depends on the payload format. */
export function markerOf(buf: Buffer, offset: number): boolean {
  return ((buf[offset + 1] ?? 0) & MARKER_FLAG) !== 0;
}

/** Absolute offset in `buf` of the first payload byte. */
export function payloadStartOf(buf: Buffer, offset: number): number {
  const first = buf[offset] ?? 0;
  const start = offset + RTP_HEADER_BYTES + (first & CSRC_COUNT_MASK) * 4;
  return (first & EXTENSION_FLAG) === 0 ? start : start + 4 + buf.readUInt16BE(start + 2) * 4;
}

/** Profile and absolute place of the content of the header extension (RFC 3550 s.5.3.1); undefined when there is none. */
export function extensionRange(
  buf: Buffer,
  offset: number,
): { profile: number; start: number; end: number } | undefined {
  const first = buf[offset] ?? 0;
  if ((first & EXTENSION_FLAG) === 0) return undefined;
  const at = offset + RTP_HEADER_BYTES + (first & CSRC_COUNT_MASK) * 4;
  const start = at + 4;
  return { profile: buf.readUInt16BE(at), start, end: start + buf.readUInt16BE(at + 2) * 4 };
}

/** Absolute offset in `buf` after the last payload byte; padding is left out. */
export function payloadEndOf(buf: Buffer, offset: number, length: number): number {
  const padded = ((buf[offset] ?? 0) & PADDING_FLAG) !== 0;
  return offset + length - (padded ? (buf[offset + length - 1] ?? 0) : 0);
}

/** Absolute offsets of the payload in `buf`. The packet path uses the two functions above, which make no object. */
export function payloadRange(
  buf: Buffer,
  offset: number,
  length: number,
): { start: number; end: number } {
  return { start: payloadStartOf(buf, offset), end: payloadEndOf(buf, offset, length) };
}

/** Overwrites what differs between sender and relay, in place. Numbers are taken modulo their field's width. */
export function rewriteHeader(
  buf: Buffer,
  offset: number,
  ssrc: number,
  sequence: number,
  timestamp: number,
): void {
  // Byte by byte, which the compiler makes plain stores of: a call for each number is a fifth of what a packet costs here.
  buf[offset + 2] = sequence >>> 8;
  buf[offset + 3] = sequence;
  buf[offset + 4] = timestamp >>> 24;
  buf[offset + 5] = timestamp >>> 16;
  buf[offset + 6] = timestamp >>> 8;
  buf[offset + 7] = timestamp;
  buf[offset + 8] = ssrc >>> 24;
  buf[offset + 9] = ssrc >>> 16;
  buf[offset + 10] = ssrc >>> 8;
  buf[offset + 11] = ssrc;
}

/** Header fields of a packet that we make ourselves. */
export interface RtpFields {
  readonly payloadType: number;
  /** Taken modulo 2^16. */
  readonly sequence: number;
  /** Ticks, taken modulo 2^32. */
  readonly timestamp: number;
  readonly ssrc: number;
  readonly marker: boolean;
}

/** Writes a 12-byte header without CSRC, extension and padding. */
export function writeRtpHeader(buf: Buffer, offset: number, fields: RtpFields): void {
  buf[offset] = VERSION << 6;
  buf[offset + 1] = (fields.marker ? MARKER_FLAG : 0) | (fields.payloadType & 0x7f);
  rewriteHeader(buf, offset, fields.ssrc, fields.sequence, fields.timestamp);
}

/** A packet in a buffer of its own; the payload is copied. */
export function encodeRtp(fields: RtpFields, payload: Uint8Array): Buffer {
  const packet = Buffer.allocUnsafe(RTP_HEADER_BYTES + payload.length);
  writeRtpHeader(packet, 0, fields);
  packet.set(payload, RTP_HEADER_BYTES);
  return packet;
}
