import type { MonotonicMs } from '@nightjar/common';
import { FRAME_HEADER_BYTES, type PacketBatch } from './packet-batch.js';

const INITIAL_BYTES = 64 * 1024;
const INITIAL_PACKETS = 64;

/**
 * Collects packets until the source flushes. Each packet is copied once here, whatever the number of readers; after
 * that nobody copies it again. Growth doubles, so a stream's usual burst settles the size.
 */
export class BatchBuilder {
  private bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  private used = 0;
  private count = 0;
  private offsets = new Uint32Array(INITIAL_PACKETS);
  private lengths = new Uint32Array(INITIAL_PACKETS);
  private tracks = new Uint8Array(INITIAL_PACKETS);
  private keyframeAt = -1;

  get empty(): boolean {
    return this.count === 0;
  }

  /** Buffer and position of the packet appended last, for rewriting its header in place. */
  get buffer(): Buffer {
    return this.bytes;
  }

  /** Copies one packet in and returns its position in {@link buffer}. */
  append(track: number, buf: Buffer, offset: number, length: number): number {
    const end = this.used + FRAME_HEADER_BYTES + length;
    if (end > this.bytes.length) this.growBytes(end);
    if (this.count === this.tracks.length) this.growPackets();
    const bytes = this.bytes;
    bytes[this.used] = 0x24;
    bytes[this.used + 1] = 2 * track;
    bytes[this.used + 2] = length >>> 8;
    bytes[this.used + 3] = length & 0xff;
    const at = this.used + FRAME_HEADER_BYTES;
    buf.copy(bytes, at, offset, offset + length);
    this.offsets[this.count] = at;
    this.lengths[this.count] = length;
    this.tracks[this.count] = track;
    this.count++;
    this.used = end;
    return at;
  }

  /** Marks the packet appended last as the first of a keyframe. */
  markKeyframe(): void {
    if (this.keyframeAt < 0) this.keyframeAt = this.count - 1;
  }

  /** Hands the collected packets over and starts anew. */
  take(arrivalMs: MonotonicMs): PacketBatch {
    // What is left of the block serves the next batches, so that a small batch does not pin 64 KiB.
    const batch: PacketBatch = {
      bytes: this.bytes.subarray(0, this.used),
      count: this.count,
      offsets: this.offsets.slice(0, this.count),
      lengths: this.lengths.slice(0, this.count),
      tracks: this.tracks.slice(0, this.count),
      keyframeAt: this.keyframeAt,
      arrivalMs,
    };
    const rest = this.bytes.subarray(this.used);
    this.bytes = rest.length >= INITIAL_BYTES / 8 ? rest : Buffer.allocUnsafeSlow(INITIAL_BYTES);
    this.used = 0;
    this.count = 0;
    this.keyframeAt = -1;
    return batch;
  }

  private growBytes(needed: number): void {
    const bigger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length, INITIAL_BYTES));
    this.bytes.copy(bigger, 0, 0, this.used);
    this.bytes = bigger;
  }

  private growPackets(): void {
    const size = 2 * this.tracks.length;
    const offsets = new Uint32Array(size);
    offsets.set(this.offsets);
    this.offsets = offsets;
    const lengths = new Uint32Array(size);
    lengths.set(this.lengths);
    this.lengths = lengths;
    const tracks = new Uint8Array(size);
    tracks.set(this.tracks);
    this.tracks = tracks;
  }
}
