import { RTP_HEADER_BYTES } from '../rtp-packet.js';
import { PacketWriter } from './packet-writer.js';
import type { Packetizer, PacketizerOptions } from './packetizer.js';

/** RFC 3551 s.4.2 recommends 20 ms; up to this much is sent as it came. */
const MAX_PACKET_SECONDS = 0.04;

/** G.711: one byte per sample and channel; longer units are split into packets of at most 40 ms. */
export class G711Packetizer extends PacketWriter implements Packetizer {
  readonly #channels: number;
  readonly #packetBytes: number;

  constructor(sampleRateHz: number, channels: number, options: PacketizerOptions) {
    super(options);
    const samples = Math.max(1, Math.floor(sampleRateHz * MAX_PACKET_SECONDS));
    const fitting = Math.max(1, Math.floor(this.maxPayloadBytes / channels));
    this.#channels = channels;
    this.#packetBytes = Math.min(samples, fitting) * channels;
  }

  packetize(unit: { readonly data: Uint8Array }, rtpTimestamp: number): Buffer[] {
    const packets: Buffer[] = [];
    for (let at = 0; at < unit.data.length; at += this.#packetBytes) {
      const payload = unit.data.subarray(at, at + this.#packetBytes);
      const packet = this.start(payload.length, rtpTimestamp + at / this.#channels, false);
      packet.set(payload, RTP_HEADER_BYTES);
      packets.push(packet);
    }
    return packets;
  }
}

/** Opus: a packet is a payload (RFC 7587 s.4.2). It cannot be split, so it may exceed the payload limit. */
export class OpusPacketizer extends PacketWriter implements Packetizer {
  packetize(unit: { readonly data: Uint8Array }, rtpTimestamp: number): Buffer[] {
    if (unit.data.length === 0) return [];
    const packet = this.start(unit.data.length, rtpTimestamp, false);
    packet.set(unit.data, RTP_HEADER_BYTES);
    return [packet];
  }
}
