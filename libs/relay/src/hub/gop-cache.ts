import type { PacketBatch } from './packet-batch.js';

/** A GOP larger than this is not kept; readers then start with the next keyframe. */
export const MAX_GOP_CACHE_BYTES = 32 * 1024 * 1024;

/** The batches since the last keyframe: what a new reader needs to show a picture at once. */
export class GopCache {
  private batches: PacketBatch[] = [];
  private bytes = 0;
  /** Index of the first packet to use in the first batch. */
  private startAt = 0;

  get empty(): boolean {
    return this.batches.length === 0;
  }

  add(batch: PacketBatch): void {
    if (batch.keyframeAt >= 0) {
      this.batches = [];
      this.bytes = 0;
      this.startAt = batch.keyframeAt;
    } else if (this.batches.length === 0) {
      return;
    }
    this.batches.push(batch);
    this.bytes += batch.bytes.length;
    if (this.bytes > MAX_GOP_CACHE_BYTES) this.clear();
  }

  clear(): void {
    this.batches = [];
    this.bytes = 0;
  }

  /** Calls `visit` for every batch, oldest first, with the first packet to use. */
  replay(visit: (batch: PacketBatch, from: number) => void): void {
    let from = this.startAt;
    for (const batch of this.batches) {
      visit(batch, from);
      from = 0;
    }
  }

  /** The first cached packet of each track, as a position in `bytes` of its batch. */
  first(tracks: number): (Buffer | undefined)[] {
    const found: (Buffer | undefined)[] = Array.from({ length: tracks }, () => undefined);
    let missing = tracks;
    this.replay((batch, from) => {
      for (let i = from; i < batch.count && missing > 0; i++) {
        const track = batch.tracks[i]!;
        if (found[track] !== undefined) continue;
        found[track] = batch.bytes.subarray(
          batch.offsets[i],
          batch.offsets[i]! + batch.lengths[i]!,
        );
        missing--;
      }
    });
    return found;
  }
}
