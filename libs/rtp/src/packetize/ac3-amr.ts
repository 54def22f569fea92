import { RTP_HEADER_BYTES } from '../rtp-packet.js';
import { fragmentsOf } from './fragments.js';
import { PacketWriter } from './packet-writer.js';
import type { Packetizer } from './packetizer.js';

const AC3_HEADER_BYTES = 2;
/** Frame types (RFC 4184 s.4.1.1). */
const WHOLE = 0;
const FIRST_WITH_FIVE_EIGHTHS = 1;
const FIRST = 2;
const FURTHER = 3;

/** AC-3 (RFC 4184): a frame in a packet, or over several. */
export class Ac3Packetizer extends PacketWriter implements Packetizer {
  packetize(unit: { readonly data: Uint8Array }, rtpTimestamp: number): Buffer[] {
    const fragments = fragmentsOf(unit.data, this.maxPayloadBytes - AC3_HEADER_BYTES);
    return fragments.map(({ bytes, first, last }) => {
      const packet = this.start(AC3_HEADER_BYTES + bytes.length, rtpTimestamp, last);
      const decodable = bytes.length * 8 >= unit.data.length * 5;
      const started = decodable ? FIRST_WITH_FIVE_EIGHTHS : FIRST;
      packet[RTP_HEADER_BYTES] = first && last ? WHOLE : first ? started : FURTHER;
      packet[RTP_HEADER_BYTES + 1] = fragments.length;
      packet.set(bytes, RTP_HEADER_BYTES + AC3_HEADER_BYTES);
      return packet;
    });
  }
}

/** Codec mode request: none (RFC 4867 s.4.3.1). */
const NO_REQUEST = 0xf0;

/** AMR and AMR-WB, octet-aligned (RFC 4867 s.4.4): a frame as in the storage format is its table of contents and its speech. */
export class AmrPacketizer extends PacketWriter implements Packetizer {
  #begun = false;

  packetize(unit: { readonly data: Uint8Array }, rtpTimestamp: number): Buffer[] {
    if (unit.data.length === 0) return [];
    // The marker bit stands at the start of a talkspurt (RFC 4867 s.4.1).
    const packet = this.start(1 + unit.data.length, rtpTimestamp, !this.#begun);
    this.#begun = true;
    packet[RTP_HEADER_BYTES] = NO_REQUEST;
    packet.set(unit.data, RTP_HEADER_BYTES + 1);
    return [packet];
  }
}
