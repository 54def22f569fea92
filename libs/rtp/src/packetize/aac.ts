import { NightjarError } from '@nightjar/common';
import { RTP_HEADER_BYTES } from '../rtp-packet.js';
import { PacketWriter } from './packet-writer.js';
import type { Packetizer } from './packetizer.js';

/** AU-headers-length and one AU header: 13 bits size, 3 bits index (RFC 3640 s.3.3.6). */
const HEADER_SECTION_BYTES = 4;
const AU_HEADER_BITS = 16;
const INDEX_BITS = 3;
const MAX_UNIT_BYTES = 2 ** 13 - 1;

/** AAC-hbr: one access unit per packet, or one over several. */
export class AacPacketizer extends PacketWriter implements Packetizer {
  packetize(unit: { readonly data: Uint8Array }, rtpTimestamp: number): Buffer[] {
    const { data } = unit;
    if (data.length > MAX_UNIT_BYTES) {
      throw new NightjarError('invalid', 'rtp/aac-size', 'AAC frame exceeds 13 bits of size', {
        bytes: data.length,
      });
    }
    const room = this.maxPayloadBytes - HEADER_SECTION_BYTES;
    const packets: Buffer[] = [];
    for (let at = 0; at < data.length; at += room) {
      const end = Math.min(at + room, data.length);
      const packet = this.start(HEADER_SECTION_BYTES + end - at, rtpTimestamp, end === data.length);
      packet.writeUInt16BE(AU_HEADER_BITS, RTP_HEADER_BYTES);
      packet.writeUInt16BE(data.length << INDEX_BITS, RTP_HEADER_BYTES + 2);
      packet.set(data.subarray(at, end), RTP_HEADER_BYTES + HEADER_SECTION_BYTES);
      packets.push(packet);
    }
    return packets;
  }
}
