import { NightjarError } from '@nightjar/common';

/** First byte of an interleaved frame. */
export const FRAME_MARK = 0x24;
/** `$`, channel, 16-bit length. */
export const FRAME_HEADER_BYTES = 4;
const MAX_FRAME_BYTES = 0xffff;

/**
 * One RTP or RTCP packet behind its frame header, in a new buffer. RFC 2326 s.10.12:
 *
 *      0        1        2        3        4
 *     +--------+--------+--------+--------+------- - -
 *     | 0x24   |channel | length (16 bit) | packet
 *     +--------+--------+--------+--------+------- - -
 *
 * @throws NightjarError `invalid` when the packet is longer than 65535 bytes or the channel not 0-255.
 */
export function encodeInterleaved(channel: number, packet: Uint8Array): Buffer {
  if (
    packet.length > MAX_FRAME_BYTES ||
    !Number.isInteger(channel) ||
    channel < 0 ||
    channel > 255
  ) {
    throw new NightjarError('invalid', 'rtsp/frame', 'packet or channel does not fit in a frame', {
      channel,
      bytes: packet.length,
    });
  }
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + packet.length);
  frame[0] = FRAME_MARK;
  frame[1] = channel;
  frame.writeUInt16BE(packet.length, 2);
  frame.set(packet, FRAME_HEADER_BYTES);
  return frame;
}
