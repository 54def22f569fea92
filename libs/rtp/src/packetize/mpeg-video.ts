import { START_CODE } from '../annex-b.js';
import { RTP_HEADER_BYTES } from '../rtp-packet.js';
import { PacketWriter } from './packet-writer.js';
import type { Packetizer } from './packetizer.js';

const HEADER_BYTES = 4;
/** Start codes of ISO/IEC 13818-2 table 6-1. */
const PICTURE = 0x00;
const FIRST_SLICE = 0x01;
const LAST_SLICE = 0xaf;
const SEQUENCE = 0xb3;
const B_PICTURE = 3;
const P_PICTURE = 2;

/** Flags of the header: a sequence header, the beginning and the end of a slice. */
const HAS_SEQUENCE = 1 << 13;
const BEGINS_SLICE = 1 << 12;
const ENDS_SLICE = 1 << 11;

/** A slice, or what stands before the first one. */
interface Part {
  readonly start: number;
  readonly end: number;
  readonly slice: boolean;
}

/** MPEG-1 and MPEG-2 video (RFC 2250 s.3): slices together as they fit, one that does not in pieces. */
export class MpegVideoPacketizer extends PacketWriter implements Packetizer {
  packetize(unit: { readonly data: Uint8Array }, rtpTimestamp: number): Buffer[] {
    const { data } = unit;
    const { parts, picture, sequence } = partsOf(data);
    const header = picture === undefined ? 0 : pictureBits(data, picture);
    const room = this.maxPayloadBytes - HEADER_BYTES;
    const packets: Buffer[] = [];
    const send = (start: number, end: number, begins: boolean, ends: boolean): void => {
      const packet = this.start(HEADER_BYTES + end - start, rtpTimestamp, end === data.length);
      const flags =
        (start === 0 && sequence ? HAS_SEQUENCE : 0) |
        (begins ? BEGINS_SLICE : 0) |
        (ends ? ENDS_SLICE : 0);
      packet.writeUInt32BE((header | flags) >>> 0, RTP_HEADER_BYTES);
      packet.set(data.subarray(start, end), RTP_HEADER_BYTES + HEADER_BYTES);
      packets.push(packet);
    };
    for (let index = 0; index < parts.length;) {
      const { start, end, slice } = parts[index]!;
      if (end - start > room) {
        for (let at = start; at < end; at += room) {
          const last = at + room >= end;
          send(at, Math.min(at + room, end), slice && at === start, slice && last);
        }
        index += 1;
        continue;
      }
      let next = index + 1;
      while (next < parts.length && parts[next]!.end - start <= room) next += 1;
      const { end: reached, slice: ends } = parts[next - 1]!;
      // Headers may stand before the slice that begins the packet (RFC 2250 s.3.4).
      send(start, reached, slice || ends, ends);
      index = next;
    }
    return packets;
  }
}

/** Splits a picture, with the headers before it, at its slices. */
function partsOf(data: Uint8Array): {
  parts: Part[];
  /** Offset behind the picture start code. */
  picture: number | undefined;
  sequence: boolean;
} {
  const buf = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const parts: Part[] = [];
  let picture: number | undefined;
  let sequence = false;
  let start = 0;
  let slice = false;
  for (
    let at = buf.indexOf(START_CODE);
    at >= 0;
    at = buf.indexOf(START_CODE, at + START_CODE.length)
  ) {
    const code = buf[at + START_CODE.length];
    if (code === PICTURE) picture ??= at + START_CODE.length + 1;
    else if (code === SEQUENCE) sequence = true;
    if (code === undefined || code < FIRST_SLICE || code > LAST_SLICE) continue;
    if (at > start) parts.push({ start, end: at, slice });
    start = at;
    slice = true;
  }
  if (data.length > start) parts.push({ start, end: data.length, slice });
  return { parts, picture, sequence };
}

/** TR, P, FBV, BFC, FFV and FFC of the header (RFC 2250 s.3.4), from the picture header (ISO/IEC 13818-2 s.6.2.3). */
function pictureBits(data: Uint8Array, at: number): number {
  const byte = (index: number): number => data[at + index] ?? 0;
  const reference = (byte(0) << 2) | (byte(1) >> 6);
  const type = (byte(1) >> 3) & 7;
  let bits = ((reference & 0x3ff) << 16) | (type << 8);
  // vbv_delay fills 16 bits from bit 13 on; what follows depends on the type.
  if (type === P_PICTURE || type === B_PICTURE)
    bits |= (((byte(3) >> 2) & 1) << 3) | (((byte(3) & 3) << 1) | (byte(4) >> 7));
  if (type === B_PICTURE) bits |= (((byte(4) >> 6) & 1) << 7) | (((byte(4) >> 3) & 7) << 4);
  return bits;
}
