import { RTP_HEADER_BYTES } from '../rtp-packet.js';
import { fragmentsOf } from './fragments.js';
import { PacketWriter } from './packet-writer.js';
import type { Packetizer } from './packetizer.js';

const HEADER_BYTES = 4;

/** MPEG audio (RFC 2250 s.3.5): a frame in a packet, or over several with its offset in each. */
export class MpegAudioPacketizer extends PacketWriter implements Packetizer {
  packetize(unit: { readonly data: Uint8Array }, rtpTimestamp: number): Buffer[] {
    let offset = 0;
    return fragmentsOf(unit.data, this.maxPayloadBytes - HEADER_BYTES).map(({ bytes, first }) => {
      // The marker bit stands for the start of a talkspurt: a file is one.
      const packet = this.start(HEADER_BYTES + bytes.length, rtpTimestamp, false);
      packet.writeUInt32BE(first ? 0 : offset & 0xffff, RTP_HEADER_BYTES);
      packet.set(bytes, RTP_HEADER_BYTES + HEADER_BYTES);
      offset += bytes.length;
      return packet;
    });
  }
}

const TS_PACKET_BYTES = 188;

/** MPEG transport stream (RFC 2250 s.2): whole transport packets, as many as fit. */
export class TransportStreamPacketizer extends PacketWriter implements Packetizer {
  packetize(unit: { readonly data: Uint8Array }, rtpTimestamp: number): Buffer[] {
    const room = Math.max(1, Math.floor(this.maxPayloadBytes / TS_PACKET_BYTES)) * TS_PACKET_BYTES;
    return fragmentsOf(unit.data, room).map(({ bytes }) => {
      const packet = this.start(bytes.length, rtpTimestamp, false);
      packet.set(bytes, RTP_HEADER_BYTES);
      return packet;
    });
  }
}

/** MPEG-4 visual (RFC 6416 s.5): a VOP in pieces, the last one marked. */
export class Mpeg4VisualPacketizer extends PacketWriter implements Packetizer {
  packetize(unit: { readonly data: Uint8Array }, rtpTimestamp: number): Buffer[] {
    return fragmentsOf(unit.data, this.maxPayloadBytes).map(({ bytes, last }) => {
      const packet = this.start(bytes.length, rtpTimestamp, last);
      packet.set(bytes, RTP_HEADER_BYTES);
      return packet;
    });
  }
}
