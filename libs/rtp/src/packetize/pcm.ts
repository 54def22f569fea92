import { RTP_HEADER_BYTES } from '../rtp-packet.js';
import { fragmentsOf } from './fragments.js';
import { PacketWriter } from './packet-writer.js';
import type { Packetizer, PacketizerOptions } from './packetizer.js';

/** Linear samples, big-endian (RFC 3551 s.4.5.11, RFC 3190 s.4): as many whole ones in a packet as fit. */
export class PcmPacketizer extends PacketWriter implements Packetizer {
  constructor(
    private readonly bytesPerSample: number,
    options: PacketizerOptions,
  ) {
    super(options);
  }

  packetize(unit: { readonly data: Uint8Array }, rtpTimestamp: number): Buffer[] {
    const samples = Math.max(1, Math.floor(this.maxPayloadBytes / this.bytesPerSample));
    let timestamp = rtpTimestamp;
    return fragmentsOf(unit.data, samples * this.bytesPerSample).map(({ bytes }) => {
      const packet = this.start(bytes.length, timestamp, false);
      packet.set(bytes, RTP_HEADER_BYTES);
      timestamp += samples;
      return packet;
    });
  }
}
