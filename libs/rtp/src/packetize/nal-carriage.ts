import { H264, H265 } from '../nal-types.js';

const FU_START = 0x80;
const FU_END = 0x40;

/** How a codec's payload format packs NAL units. */
export interface NalCarriage {
  /** NAL unit header, replaced by `fragmentHeaders` when the unit is fragmented. */
  readonly nalHeaderBytes: number;
  readonly aggregationHeaderBytes: number;
  readonly fragmentHeadersBytes: number;
  writeAggregationHeader(packet: Buffer, at: number, firstNal: Uint8Array): void;
  writeFragmentHeaders(
    packet: Buffer,
    at: number,
    nal: Uint8Array,
    first: boolean,
    last: boolean,
  ): void;
}

/** STAP-A and FU-A (RFC 6184 s.5.7.1, s.5.8). */
export const h264Carriage: NalCarriage = {
  nalHeaderBytes: H264.headerBytes,
  aggregationHeaderBytes: 1,
  fragmentHeadersBytes: 2,
  writeAggregationHeader(packet, at, firstNal) {
    packet[at] = ((firstNal[0] ?? 0) & 0xe0) | H264.stapA;
  },
  writeFragmentHeaders(packet, at, nal, first, last) {
    const header = nal[0] ?? 0;
    packet[at] = (header & 0xe0) | H264.fuA;
    packet[at + 1] = (first ? FU_START : 0) | (last ? FU_END : 0) | (header & 0x1f);
  },
};

/** AP and FU (RFC 7798 s.4.4.2, s.4.4.3). */
export const h265Carriage: NalCarriage = {
  nalHeaderBytes: H265.headerBytes,
  aggregationHeaderBytes: 2,
  fragmentHeadersBytes: 3,
  writeAggregationHeader(packet, at, firstNal) {
    packet[at] = ((firstNal[0] ?? 0) & 0x81) | (H265.ap << 1);
    packet[at + 1] = firstNal[1] ?? 0;
  },
  writeFragmentHeaders(packet, at, nal, first, last) {
    const header = nal[0] ?? 0;
    packet[at] = (header & 0x81) | (H265.fu << 1);
    packet[at + 1] = nal[1] ?? 0;
    packet[at + 2] = (first ? FU_START : 0) | (last ? FU_END : 0) | ((header >> 1) & 0x3f);
  },
};
