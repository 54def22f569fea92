/** A block holds a few frames of a camera of some Mbit/s. */
export const BLOCK_BYTES = 64 * 1024;
/** Sound comes in small packets; a block of nothing else is full when it has this many. */
export const BLOCK_PACKETS = 256;
/** Memory kept for the next taker; the garbage collector has what is given beyond that. */
export const MAX_SPARE_BYTES = 64 * 1024 * 1024;

/** Memory that batches are collected in: the packets in wire form, and tables of where they lie. */
export class Block {
  readonly bytes: Buffer;
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  readonly tracks: Uint8Array;

  constructor(bytes = BLOCK_BYTES, packets = BLOCK_PACKETS) {
    this.bytes = Buffer.allocUnsafeSlow(bytes);
    this.offsets = new Uint32Array(packets);
    this.lengths = new Uint32Array(packets);
    this.tracks = new Uint8Array(packets);
  }
}

/**
 * Blocks to be used again. New memory for every frame of every camera is what makes V8 collect garbage several times a
 * second: it counts what buffers hold outside its heap, and starts a full collection each time some tens of megabytes
 * were added.
 */
export class BlockPool {
  /** By size: a keyframe that came in one read needs a larger block than the usual one, and will again. */
  private readonly spare = new Map<number, Block[]>();
  private bytes = 0;

  /** A block for at least so many bytes and packets: the usual one, or one that is twice, four times ... as large. */
  take(bytes: number, packets: number): Block {
    let times = 1;
    while (times * BLOCK_BYTES < bytes || times * BLOCK_PACKETS < packets) times *= 2;
    const block = this.spare.get(times * BLOCK_BYTES)?.pop();
    if (block === undefined) return new Block(times * BLOCK_BYTES, times * BLOCK_PACKETS);
    this.bytes -= block.bytes.length;
    return block;
  }

  /** Takes blocks over; the caller vouches that nobody refers to what is in them any more. */
  give(blocks: readonly Block[]): void {
    for (const block of blocks) {
      const size = block.bytes.length;
      if (size === 0 || this.bytes + size > MAX_SPARE_BYTES) continue;
      this.bytes += size;
      const spare = this.spare.get(size);
      if (spare === undefined) this.spare.set(size, [block]);
      else spare.push(block);
    }
  }

  /** Bytes that wait for a taker. */
  get spareBytes(): number {
    return this.bytes;
  }
}
