import { RTP_HEADER_BYTES } from '../rtp-packet.js';
import { fragmentsOf } from './fragments.js';
import { PacketWriter } from './packet-writer.js';
import type { Packetizer, PacketizerOptions } from './packetizer.js';

/** Start of the first partition (RFC 7741 s.4.2). */
const VP8_START = 0x10;

const VP9_INTER = 0x40;
const VP9_BEGIN = 0x08;
const VP9_END = 0x04;
const VP9_STRUCTURE = 0x02;
/** One spatial layer with its size, no groups of pictures (RFC 9628 s.4.2.1). */
const VP9_ONE_LAYER_WITH_SIZE = 0x10;
const VP9_STRUCTURE_BYTES = 5;

/** VP8 (RFC 7741): the one-byte descriptor, the first partition's start marked. */
export class Vp8Packetizer extends PacketWriter implements Packetizer {
  packetize(unit: { readonly data: Uint8Array }, rtpTimestamp: number): Buffer[] {
    return fragmentsOf(unit.data, this.maxPayloadBytes - 1).map(({ bytes, first, last }) => {
      const packet = this.start(1 + bytes.length, rtpTimestamp, last);
      packet[RTP_HEADER_BYTES] = first ? VP8_START : 0;
      packet.set(bytes, RTP_HEADER_BYTES + 1);
      return packet;
    });
  }
}

/** VP9 (RFC 9628) in non-flexible mode without layers; keyframes say the size of the picture. */
export class Vp9Packetizer extends PacketWriter implements Packetizer {
  constructor(
    private readonly size: { readonly widthPx: number; readonly heightPx: number },
    options: PacketizerOptions,
  ) {
    super(options);
  }

  packetize(
    unit: { readonly data: Uint8Array; readonly keyframe: boolean },
    rtpTimestamp: number,
  ): Buffer[] {
    const room = this.maxPayloadBytes - 1 - VP9_STRUCTURE_BYTES;
    return fragmentsOf(unit.data, room).map(({ bytes, first, last }) => {
      const sized = unit.keyframe && first;
      const headerBytes = sized ? 1 + VP9_STRUCTURE_BYTES : 1;
      const packet = this.start(headerBytes + bytes.length, rtpTimestamp, last);
      packet[RTP_HEADER_BYTES] =
        (unit.keyframe ? 0 : VP9_INTER) |
        (first ? VP9_BEGIN : 0) |
        (last ? VP9_END : 0) |
        (sized ? VP9_STRUCTURE : 0);
      if (sized) {
        packet[RTP_HEADER_BYTES + 1] = VP9_ONE_LAYER_WITH_SIZE;
        packet.writeUInt16BE(this.size.widthPx & 0xffff, RTP_HEADER_BYTES + 2);
        packet.writeUInt16BE(this.size.heightPx & 0xffff, RTP_HEADER_BYTES + 4);
      }
      packet.set(bytes, RTP_HEADER_BYTES + headerBytes);
      return packet;
    });
  }
}
