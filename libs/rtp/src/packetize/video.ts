import { NightjarError } from '@nightjar/common';
import { RTP_HEADER_BYTES } from '../rtp-packet.js';
import type { NalCarriage } from './nal-carriage.js';
import { PacketWriter } from './packet-writer.js';
import type { Packetizer } from './packetizer.js';

const LENGTH_BYTES = 4;
const SIZE_BYTES = 2;

/** H.264 mode 1 and H.265: parameter sets aggregated before keyframes, other NAL units single or fragmented. */
export class VideoPacketizer extends PacketWriter implements Packetizer {
  readonly #carriage: NalCarriage;
  readonly #parameterSets: readonly Uint8Array[];

  constructor(
    carriage: NalCarriage,
    parameterSets: readonly Uint8Array[],
    options: ConstructorParameters<typeof PacketWriter>[0],
  ) {
    super(options);
    this.#carriage = carriage;
    this.#parameterSets = parameterSets;
  }

  packetize(
    unit: { readonly data: Uint8Array; readonly keyframe: boolean },
    rtpTimestamp: number,
  ): Buffer[] {
    const nals = this.#nalsOf(unit.data);
    const packets: Buffer[] = [];
    if (nals.length === 0) return packets;
    if (unit.keyframe) this.#sendParameterSets(rtpTimestamp, packets);
    nals.forEach((nal, i) => this.#send(nal, rtpTimestamp, i === nals.length - 1, packets));
    return packets;
  }

  #sendParameterSets(timestamp: number, packets: Buffer[]): void {
    const sets = this.#parameterSets;
    const bytes = sets.reduce(
      (sum, set) => sum + SIZE_BYTES + set.length,
      this.#carriage.aggregationHeaderBytes,
    );
    const [first] = sets;
    if (first === undefined || bytes > this.maxPayloadBytes) {
      for (const set of sets) this.#send(set, timestamp, false, packets);
      return;
    }
    const packet = this.start(bytes, timestamp, false);
    this.#carriage.writeAggregationHeader(packet, RTP_HEADER_BYTES, first);
    let position = RTP_HEADER_BYTES + this.#carriage.aggregationHeaderBytes;
    for (const set of sets) {
      packet.writeUInt16BE(set.length, position);
      packet.set(set, position + SIZE_BYTES);
      position += SIZE_BYTES + set.length;
    }
    packets.push(packet);
  }

  #send(nal: Uint8Array, timestamp: number, lastOfUnit: boolean, packets: Buffer[]): void {
    if (nal.length <= this.maxPayloadBytes) {
      const packet = this.start(nal.length, timestamp, lastOfUnit);
      packet.set(nal, RTP_HEADER_BYTES);
      packets.push(packet);
      return;
    }
    const { nalHeaderBytes, fragmentHeadersBytes } = this.#carriage;
    const room = this.maxPayloadBytes - fragmentHeadersBytes;
    for (let at = nalHeaderBytes; at < nal.length; at += room) {
      const end = Math.min(at + room, nal.length);
      const last = end === nal.length;
      const packet = this.start(fragmentHeadersBytes + end - at, timestamp, last && lastOfUnit);
      const first = at === nalHeaderBytes;
      this.#carriage.writeFragmentHeaders(packet, RTP_HEADER_BYTES, nal, first, last);
      packet.set(nal.subarray(at, end), RTP_HEADER_BYTES + fragmentHeadersBytes);
      packets.push(packet);
    }
  }

  /** Views of the NAL units behind their 4-byte lengths. */
  #nalsOf(data: Uint8Array): Uint8Array[] {
    const lengths = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const nals: Uint8Array[] = [];
    let position = 0;
    while (position < data.length) {
      const start = position + LENGTH_BYTES;
      const end = start <= data.length ? start + lengths.getUint32(position) : start;
      if (end > data.length || end - start < this.#carriage.nalHeaderBytes) {
        throw new NightjarError('invalid', 'rtp/nal-length', 'NAL unit length is wrong', {
          byteOffset: position,
        });
      }
      nals.push(data.subarray(start, end));
      position = end;
    }
    return nals;
  }
}
