import type { BudgetedCache, GopBudget } from './gop-budget.js';
import type { PacketBatch } from './packet-batch.js';

/** A GOP that keeps more memory alive than this is not kept; readers then start with the next keyframe. */
export const MAX_GOP_CACHE_BYTES = 32 * 1024 * 1024;

/** What the objects take that make up a batch: itself and four views (measured on Node.js 20). */
export const BATCH_OVERHEAD_BYTES = 500;

/** Why a GOP was given up before its end. */
export type GopDropReason = 'too-large' | 'budget';

/** The batches since the last keyframe: what a new reader needs to show a picture at once. */
export class GopCache implements BudgetedCache {
  /** GOPs given up; the counts only rise. */
  readonly drops: Record<GopDropReason, number> = { 'too-large': 0, budget: 0 };
  private batches: PacketBatch[] = [];
  private pinned = 0;
  /** Memory that the batch added last lies in. */
  private lastBlock: ArrayBufferLike | undefined;
  /** Index of the first packet to use in the first batch. */
  private startAt = 0;

  /** @param budget shared with the caches of other streams */
  constructor(private readonly budget?: GopBudget) {}

  get empty(): boolean {
    return this.batches.length === 0;
  }

  /**
   * Memory that the cache keeps alive, bytes: whole blocks, since a batch is a view of the block that it was collected in.
   * The block of two neighbouring batches counts once.
   */
  get bytes(): number {
    return this.pinned;
  }

  add(batch: PacketBatch): void {
    if (batch.keyframeAt >= 0) {
      this.clear();
      this.startAt = batch.keyframeAt;
    } else if (this.batches.length === 0) {
      return;
    }
    this.batches.push(batch);
    let added = BATCH_OVERHEAD_BYTES;
    if (batch.bytes.buffer !== this.lastBlock) added += blockBytes(batch);
    this.lastBlock = batch.bytes.buffer;
    this.pinned += added;
    if (this.pinned > MAX_GOP_CACHE_BYTES) {
      this.drops['too-large']++;
      this.pinned -= added;
      this.clear();
      return;
    }
    this.budget?.changed(this, added);
  }

  clear(): void {
    const { pinned } = this;
    this.batches = [];
    this.pinned = 0;
    this.lastBlock = undefined;
    if (pinned > 0) this.budget?.changed(this, -pinned);
  }

  giveUp(): void {
    this.drops.budget++;
    this.clear();
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

/** All memory that a batch is a view of. */
function blockBytes({ bytes, offsets, lengths, tracks }: PacketBatch): number {
  const tables = offsets.buffer.byteLength + lengths.buffer.byteLength + tracks.buffer.byteLength;
  return bytes.buffer.byteLength + tables;
}
