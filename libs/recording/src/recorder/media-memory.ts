import { NightjarError } from '@nightjar/common';
import type { UnitMemory } from '@nightjar/rtp';

const KIB = 1024;
/** Blocks come in sizes that double from here. */
export const MIN_BLOCK_BYTES = 16 * KIB;
/** Half a second of a 4 Mbit/s camera: small against a fragment, so that little is held for a small rest of it. */
export const VIDEO_BLOCK_BYTES = 256 * KIB;
/** A second of G.711 or AAC. */
export const AUDIO_BLOCK_BYTES = MIN_BLOCK_BYTES;
/** Free blocks above this are left to the garbage collector: what 128 cameras of 4 Mbit/s have in use at once. */
export const MAX_FREE_BYTES = 64 * KIB * KIB;

/**
 * A buffer that several units share, from a {@link MediaPool}. It is written to by the {@link TrackMemory} that took it,
 * behind the units that were kept; these stay as they are while anybody holds the block. It serves again when nobody does.
 * A hold that is forgotten costs no more than that: the block is then left to the garbage collector.
 */
export class MediaBlock {
  private holders = 1;

  constructor(
    readonly bytes: Buffer,
    private readonly free: (block: MediaBlock) => void,
  ) {}

  hold(): void {
    this.holders += 1;
  }

  /** Once per hold: after the last, the bytes may become those of another camera at any time. */
  release(): void {
    this.holders -= 1;
    if (this.holders > 0) return;
    // Whoever takes it next holds it.
    this.holders = 1;
    this.free(this);
  }
}

/** Memory for the media of all recorders of a process: blocks that were let go of serve again, so that none need be allocated. */
export class MediaPool {
  private readonly free = new Map<number, MediaBlock[]>();
  private bytes = 0;

  /** @param maxFreeBytes of blocks that wait to be used again */
  constructor(private readonly maxFreeBytes = MAX_FREE_BYTES) {}

  /** Bytes that wait to be used again. */
  get freeBytes(): number {
    return this.bytes;
  }

  /** A block of at least so many bytes, whatever they are, held by the caller. */
  take(bytes: number): MediaBlock {
    let size = MIN_BLOCK_BYTES;
    while (size < bytes) size *= 2;
    const block = this.free.get(size)?.pop();
    if (block === undefined)
      return new MediaBlock(Buffer.allocUnsafeSlow(size), (unused) => this.put(unused));
    this.bytes -= size;
    return block;
  }

  private put(block: MediaBlock): void {
    const size = block.bytes.length;
    if (this.bytes + size > this.maxFreeBytes) return;
    this.bytes += size;
    const blocks = this.free.get(size);
    if (blocks === undefined) this.free.set(size, [block]);
    else blocks.push(block);
  }
}

/**
 * Memory for the units of one track: packed one behind the other into blocks, so that those of a fragment lie together.
 * A unit that is not kept is overwritten by the next.
 */
export class TrackMemory implements UnitMemory {
  private block: MediaBlock | undefined;
  /** Bytes of the block that were kept. */
  private used = 0;

  /** @param blockBytes of the blocks, where a unit is not larger */
  constructor(
    private readonly pool: MediaPool,
    private readonly blockBytes: number,
  ) {}

  claim(bytes: number): Buffer {
    let { block } = this;
    if (block === undefined || block.bytes.length - this.used < bytes) {
      const next = this.pool.take(Math.max(bytes, this.blockBytes));
      // Nobody can take it before a unit that moves has been copied out of it.
      block?.release();
      block = next;
      this.block = block;
      this.used = 0;
    }
    return block.bytes.subarray(this.used);
  }

  /**
   * Keeps the unit that was made in the room claimed last. Nothing must have been claimed since.
   * @returns the block it lies in, held once more: its bytes are good until that hold is released
   */
  keep(unitBytes: number): MediaBlock {
    if (this.block === undefined || this.used + unitBytes > this.block.bytes.length)
      throw new NightjarError('internal', 'recording/memory', 'the unit was not made here');
    this.used += unitBytes;
    this.block.hold();
    return this.block;
  }

  /** No more units are made; those that were kept stay. */
  close(): void {
    this.block?.release();
    this.block = undefined;
  }
}
