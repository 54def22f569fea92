import type { MonotonicMs } from '@nightjar/common';

/** Bytes of the `$`, channel, length header before each interleaved packet (RFC 2326 s.10.12). */
export const FRAME_HEADER_BYTES = 4;

/**
 * The RTP packets that one read of the source brought, in wire form: every packet stands behind the interleaved frame
 * header of its canonical channel (track t has RTP channel 2t), so that a TCP reader with the usual channels is served
 * with one write of `bytes`. Immutable once published and shared by all readers; valid as long as it is referenced.
 */
export interface PacketBatch {
  readonly bytes: Buffer;
  readonly count: number;
  /** Position of each RTP packet inside `bytes`, after its frame header. */
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  readonly tracks: Uint8Array;
  /** Index of the first packet of a video keyframe, or -1. */
  readonly keyframeAt: number;
  readonly arrivalMs: MonotonicMs;
}

/** RTP channel per track, or -1 for a track that the reader did not set up. */
export type ChannelMap = readonly number[];

/** Whether a batch can go out as it stands to a reader with these channels. */
export function isCanonical(map: ChannelMap): boolean {
  return map.every((channel, track) => channel === 2 * track);
}

/** Packets of a batch as one reader gets them. */
export interface InterleavedBytes {
  readonly bytes: Buffer;
  readonly packets: number;
}

const remapped = new WeakMap<PacketBatch, Map<string, InterleavedBytes>>();

/**
 * The interleaved bytes of a batch from packet `from` on, for one channel map. Built once per batch and map and shared;
 * the caller must not write into it. `key` is `map.join()`, kept by the caller so that nothing is joined per batch.
 */
export function interleave(
  batch: PacketBatch,
  from: number,
  map: ChannelMap,
  key: string,
): InterleavedBytes {
  if (from > 0) return build(batch, from, map);
  let byMap = remapped.get(batch);
  if (byMap === undefined) {
    byMap = new Map();
    remapped.set(batch, byMap);
  }
  let built = byMap.get(key);
  if (built === undefined) {
    built = build(batch, 0, map);
    byMap.set(key, built);
  }
  return built;
}

/** The part of a canonical batch from packet `from` on, as a view. */
export function tail(batch: PacketBatch, from: number): Buffer {
  if (from === 0) return batch.bytes;
  return batch.bytes.subarray((batch.offsets[from] ?? batch.bytes.length) - FRAME_HEADER_BYTES);
}

function build(batch: PacketBatch, from: number, map: ChannelMap): InterleavedBytes {
  let size = 0;
  let packets = 0;
  for (let i = from; i < batch.count; i++) {
    if ((map[batch.tracks[i]!] ?? -1) < 0) continue;
    size += FRAME_HEADER_BYTES + batch.lengths[i]!;
    packets++;
  }
  const out = Buffer.allocUnsafe(size);
  let at = 0;
  for (let i = from; i < batch.count; i++) {
    const channel = map[batch.tracks[i]!] ?? -1;
    if (channel < 0) continue;
    const start = batch.offsets[i]! - FRAME_HEADER_BYTES;
    const end = batch.offsets[i]! + batch.lengths[i]!;
    batch.bytes.copy(out, at, start, end);
    out[at + 1] = channel;
    at += end - start;
  }
  return { bytes: out, packets };
}
