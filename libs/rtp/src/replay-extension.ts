import { NightjarError } from '@nightjar/common';
import { unixMsOfNtp, writeNtp } from './rtcp/ntp.js';
import { RTP_HEADER_BYTES, extensionRange, rtpDefect } from './rtp-packet.js';

/** Profile of the header extension of ONVIF replay. ONVIF Streaming s.6.3. */
export const REPLAY_EXTENSION_PROFILE = 0xabac;

/** Profile and length (RFC 3550 s.5.3.1). */
const EXTENSION_HEADER_BYTES = 4;
/** Words of 32 bits behind that. A JPEG extension would follow them. */
const REPLAY_WORDS = 3;
const REPLAY_BYTES = EXTENSION_HEADER_BYTES + 4 * REPLAY_WORDS;
const EXTENSION_FLAG = 0x10;

const CLEAN_POINT = 0x80;
const END_OF_SECTION = 0x40;
const DISCONTINUITY = 0x20;
const TERMINAL = 0x10;

/**
 * What the first packet of an access unit says in ONVIF replay.
 *
 * ```
 * |            0xABAC             |           length=3            |
 * |                    NTP time of capture (64 bits)              |
 * |C|E|D|T|  mbz  |     Cseq      |            padding            |
 * ```
 */
export interface ReplayFields {
  /** When the unit was captured, Unix epoch milliseconds. */
  readonly wallMs: number;
  /** C: decoding can start here. */
  readonly cleanPoint: boolean;
  /** E: the last unit of its track before a gap or the end of all footage. */
  readonly endOfSection: boolean;
  /** D: does not follow what was sent before it. */
  readonly discontinuity: boolean;
  /** T: nothing more comes on this track. */
  readonly terminal: boolean;
  /** CSeq of the PLAY that it was sent for; its low byte is written. */
  readonly cseq: number;
}

/** A packet like `packet`, which has neither CSRC nor extension, with the replay extension. @throws NightjarError `invalid` */
export function withReplayExtension(packet: Uint8Array, fields: ReplayFields): Buffer {
  if (((packet[0] ?? 0) & 0x1f) !== 0) {
    throw new NightjarError('invalid', 'rtp/extension', 'the packet has an extension already');
  }
  const out = Buffer.alloc(packet.length + REPLAY_BYTES);
  out.set(packet.subarray(0, RTP_HEADER_BYTES));
  out[0] = (packet[0] ?? 0) | EXTENSION_FLAG;
  let at = RTP_HEADER_BYTES;
  out.writeUInt16BE(REPLAY_EXTENSION_PROFILE, at);
  out.writeUInt16BE(REPLAY_WORDS, at + 2);
  at += EXTENSION_HEADER_BYTES;
  writeNtp(out, at, fields.wallMs);
  out[at + 8] =
    (fields.cleanPoint ? CLEAN_POINT : 0) |
    (fields.endOfSection ? END_OF_SECTION : 0) |
    (fields.discontinuity ? DISCONTINUITY : 0) |
    (fields.terminal ? TERMINAL : 0);
  out[at + 9] = fields.cseq & 0xff;
  out.set(packet.subarray(RTP_HEADER_BYTES), RTP_HEADER_BYTES + REPLAY_BYTES);
  return out;
}

/** The replay extension of a packet, or undefined when it has none. Never throws. */
export function replayFieldsOf(packet: Buffer): ReplayFields | undefined {
  if (rtpDefect(packet, 0, packet.length) !== undefined) return undefined;
  const extension = extensionRange(packet, 0);
  if (extension === undefined || extension.profile !== REPLAY_EXTENSION_PROFILE) return undefined;
  if (extension.end - extension.start < 4 * REPLAY_WORDS) return undefined;
  const { start } = extension;
  const flags = packet[start + 8] ?? 0;
  return {
    wallMs: unixMsOfNtp(packet.readUInt32BE(start), packet.readUInt32BE(start + 4)),
    cleanPoint: (flags & CLEAN_POINT) !== 0,
    endOfSection: (flags & END_OF_SECTION) !== 0,
    discontinuity: (flags & DISCONTINUITY) !== 0,
    terminal: (flags & TERMINAL) !== 0,
    cseq: packet[start + 9] ?? 0,
  };
}
