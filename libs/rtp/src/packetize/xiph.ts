import { RTP_HEADER_BYTES } from '../rtp-packet.js';
import { fragmentsOf } from './fragments.js';
import { PacketWriter } from './packet-writer.js';
import type { Packetizer, PacketizerOptions } from './packetizer.js';

const HEADER_BYTES = 6;
/** Whether and which part of a fragmented packet (RFC 5215 s.2.2). */
const WHOLE = 0x00;
const FIRST = 0x40;
const MIDDLE = 0x80;
const LAST = 0xc0;
const ONE_PACKET = 1;

/** Names the configuration that the SDP carries; a file has one. */
export const XIPH_IDENT = 0x4e6a72;

/** Vorbis (RFC 5215) and Theora (draft-barbato-avt-rtp-theora): a packet in a packet, or over several. */
export class XiphPacketizer extends PacketWriter implements Packetizer {
  constructor(
    private readonly markLast: boolean,
    options: PacketizerOptions,
  ) {
    super(options);
  }

  packetize(unit: { readonly data: Uint8Array }, rtpTimestamp: number): Buffer[] {
    const room = this.maxPayloadBytes - HEADER_BYTES;
    return fragmentsOf(unit.data, room).map(({ bytes, first, last }) => {
      const packet = this.start(HEADER_BYTES + bytes.length, rtpTimestamp, this.markLast && last);
      packet.writeUIntBE(XIPH_IDENT, RTP_HEADER_BYTES, 3);
      const place = first ? (last ? WHOLE | ONE_PACKET : FIRST) : last ? LAST : MIDDLE;
      packet[RTP_HEADER_BYTES + 3] = place;
      packet.writeUInt16BE(bytes.length, RTP_HEADER_BYTES + 4);
      packet.set(bytes, RTP_HEADER_BYTES + HEADER_BYTES);
      return packet;
    });
  }
}
