import type { WireFrame } from '../camera/footage.js';

/** Bounds of one call (udp(7), UDP_SEGMENT): segments, and bytes of an IPv4 datagram before it is cut. */
const MAX_SEGMENTS = 64;
const MAX_RUN_BYTES = 65_507;

/** Packets that one call can send: all of one size but the last, which may be smaller; without `$` headers in between. */
export interface DatagramRun {
  readonly bytes: Buffer;
  readonly segmentBytes: number;
  readonly packets: readonly Buffer[];
}

/** The packets of a frame as runs, in order. */
export function datagramRuns(frame: WireFrame): DatagramRun[] {
  const runs: Buffer[][] = [];
  let size = 0;
  for (const packet of packetsOf(frame)) {
    const run = runs.at(-1);
    const fits =
      run !== undefined &&
      run.length < MAX_SEGMENTS &&
      size + packet.length <= MAX_RUN_BYTES &&
      run.at(-1)!.length === run[0]!.length &&
      packet.length <= run[0]!.length;
    if (fits) run.push(packet);
    else runs.push([packet]);
    size = fits ? size + packet.length : packet.length;
  }
  return runs.map((packets) => ({
    bytes: Buffer.concat(packets),
    segmentBytes: packets[0]!.length,
    packets,
  }));
}

function packetsOf({ bytes, packets }: WireFrame): Buffer[] {
  return packets.map((at) => bytes.subarray(at, at + bytes.readUInt16BE(at - 2)));
}
