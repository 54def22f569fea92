import { NightjarError } from '@nightjar/common';
import { RTP_HEADER_BYTES, writeRtpHeader } from '../rtp-packet.js';
import type { PacketizerOptions } from './packetizer.js';

/** Leaves room for every IPv4 and IPv6 path with RTP, UDP and IP headers in 1500 bytes. */
const DEFAULT_MAX_PAYLOAD_BYTES = 1400;
/** Below this the headers of payload formats eat the packet. */
const MIN_MAX_PAYLOAD_BYTES = 64;

/** Numbers and headers the packets of one stream; payload formats fill in the payload. */
export class PacketWriter {
  readonly ssrc: number;
  readonly maxPayloadBytes: number;
  nextSequence: number;
  readonly #payloadType: number;

  constructor(options: PacketizerOptions) {
    this.ssrc = options.ssrc;
    this.nextSequence = options.firstSequence & 0xffff;
    this.maxPayloadBytes = options.maxPayloadBytes ?? DEFAULT_MAX_PAYLOAD_BYTES;
    this.#payloadType = options.payloadType;
    if (!(this.maxPayloadBytes >= MIN_MAX_PAYLOAD_BYTES)) {
      throw new NightjarError('invalid', 'rtp/max-payload', 'RTP payload limit is too small', {
        maxPayloadBytes: this.maxPayloadBytes,
      });
    }
  }

  /** A packet with its header written; the payload from `RTP_HEADER_BYTES` on is for the caller to fill. */
  start(payloadBytes: number, timestamp: number, marker: boolean): Buffer {
    const packet = Buffer.allocUnsafe(RTP_HEADER_BYTES + payloadBytes);
    writeRtpHeader(packet, 0, {
      payloadType: this.#payloadType,
      sequence: this.nextSequence,
      timestamp,
      ssrc: this.ssrc,
      marker,
    });
    this.nextSequence = (this.nextSequence + 1) & 0xffff;
    return packet;
  }
}
