import type { PacketBatch } from '../hub/packet-batch.js';

/** Largest RTP packet that leaves unfragmented over Ethernet: 1500 less IPv4 and UDP headers. */
export const MAX_SEGMENT_BYTES = 1472;
/** Segments that one call may carry (UDP_MAX_SEGMENTS of older kernels). */
export const MAX_SEGMENTS = 64;
/** Payload that one call may carry: an IPv4 datagram before it is cut. */
export const MAX_RUN_BYTES = 65_507;

/** Packets that one call can send: all of one size, but for the last, which may be smaller. */
export interface SegmentRun {
  /** Indices into the batch. */
  readonly packets: readonly number[];
  readonly segmentBytes: number;
  readonly bytes: number;
}

export interface SegmentPlan {
  readonly runs: readonly SegmentRun[];
  /** Packets above {@link MAX_SEGMENT_BYTES}: sent one by one, in IP fragments. */
  readonly oversized: readonly number[];
}

/** Cuts one track's packets of a batch, from packet `from` up to but not including `to`, into runs. */
export function planSegments(
  batch: PacketBatch,
  from: number,
  to: number,
  track: number,
): SegmentPlan {
  const runs: SegmentRun[] = [];
  const oversized: number[] = [];
  let packets: number[] = [];
  let segmentBytes = 0;
  let bytes = 0;
  const close = (): void => {
    if (packets.length > 0) runs.push({ packets, segmentBytes, bytes });
    packets = [];
    bytes = 0;
  };
  for (let i = from; i < to; i++) {
    if (batch.tracks[i] !== track) continue;
    const length = batch.lengths[i]!;
    if (length > MAX_SEGMENT_BYTES) {
      oversized.push(i);
      continue;
    }
    const fits =
      length <= segmentBytes && packets.length < MAX_SEGMENTS && bytes + length <= MAX_RUN_BYTES;
    if (!fits) close();
    if (packets.length === 0) segmentBytes = length;
    packets.push(i);
    bytes += length;
    // A smaller packet can only be the last of its run.
    if (length < segmentBytes) close();
  }
  close();
  return { runs, oversized };
}
