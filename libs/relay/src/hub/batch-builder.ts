import type { MonotonicMs } from '@nightjar/common';
import { BLOCK_BYTES, Block, BlockPool } from './block-pool.js';
import { FRAME_HEADER_BYTES, type PacketBatch } from './packet-batch.js';

/** What a builder has before its first packet, so that a stream that is not watched holds no memory. */
const NO_BLOCK = new Block(0, 0);
/** A batch is begun in a new block rather than moved to one half-way, if no more than this is wasted by it. */
const MAX_WASTE_BYTES = BLOCK_BYTES / 4;

/**
 * Collects packets until the source flushes. Each packet is copied once here, whatever the number of readers; after
 * that nobody copies it again. Batches lie side by side in blocks of a pool.
 */
export class BatchBuilder {
  private block = NO_BLOCK;
  /** Blocks filled before the present one, whose batches were all handed over. */
  private filled: Block[] = [];
  /** Whether the present block may be used again one day. */
  private reusable = true;
  /** Where the present batch begins in the block: its bytes, its packets. */
  private firstByte = 0;
  private firstPacket = 0;
  private used = 0;
  private count = 0;
  private keyframeAt = -1;
  private lastBytes = 0;
  /** The buffer that the packet appended last was in, where it ended there, and how far it was copied. */
  private source: Buffer | undefined;
  private sourceEnd = 0;
  private copiedTo = 0;

  constructor(private readonly pool = new BlockPool()) {}

  get empty(): boolean {
    return this.count === 0;
  }

  /** Buffer of the packet appended last, for rewriting its header in place. */
  get buffer(): Buffer {
    return this.block.bytes;
  }

  /** Blocks that are held beside the present one. */
  get filledBlocks(): number {
    return this.filled.length;
  }

  /**
   * Copies one packet in and returns its position in {@link buffer}. Packets that follow one another in `buf`, each behind a
   * frame header, as a camera sends them by TCP, are copied together: `buf` must not change between them.
   */
  append(track: number, buf: Buffer, offset: number, length: number): number {
    if (!this.hasRoom(FRAME_HEADER_BYTES + length)) this.nextBlock(FRAME_HEADER_BYTES + length);
    const { bytes, offsets, lengths, tracks } = this.block;
    const { used } = this;
    bytes[used] = 0x24;
    bytes[used + 1] = 2 * track;
    bytes[used + 2] = length >>> 8;
    bytes[used + 3] = length & 0xff;
    const at = used + FRAME_HEADER_BYTES;
    this.copy(buf, offset, length, at);
    const packet = this.firstPacket + this.count;
    offsets[packet] = at - this.firstByte;
    lengths[packet] = length;
    tracks[packet] = track;
    this.count++;
    this.used = at + length;
    return at;
  }

  /** Marks the packet appended last as the first of a keyframe. */
  markKeyframe(): void {
    if (this.keyframeAt < 0) this.keyframeAt = this.count - 1;
  }

  /** Hands the collected packets over, as views of the block, and starts anew behind them. */
  take(arrivalMs: MonotonicMs): PacketBatch {
    const { block, firstByte, firstPacket, used, count } = this;
    const batch: PacketBatch = {
      bytes: block.bytes.subarray(firstByte, used),
      count,
      offsets: block.offsets.subarray(firstPacket, firstPacket + count),
      lengths: block.lengths.subarray(firstPacket, firstPacket + count),
      tracks: block.tracks.subarray(firstPacket, firstPacket + count),
      keyframeAt: this.keyframeAt,
      arrivalMs,
    };
    this.source = undefined;
    this.lastBytes = used - firstByte;
    this.firstByte = used;
    this.firstPacket += count;
    this.count = 0;
    this.keyframeAt = -1;
    return batch;
  }

  /**
   * Lets the pool use the blocks filled so far again. The caller vouches that nobody refers to any batch but the one
   * taken last, which lies in the present block.
   */
  release(): void {
    this.pool.give(this.filled);
    this.filled = [];
  }

  /** As {@link release}, when nobody refers to the batch taken last either. */
  releaseAll(): void {
    if (!this.empty) return this.release();
    if (this.reusable) this.filled.push(this.block);
    this.release();
    this.begin(NO_BLOCK);
  }

  /** Somebody may refer to batches for nobody knows how long: the garbage collector will have their blocks. */
  forget(): void {
    this.filled = [];
    this.reusable = false;
  }

  private copy(buf: Buffer, offset: number, length: number, at: number): void {
    const end = offset + length;
    if (buf !== this.source || offset !== this.sourceEnd + FRAME_HEADER_BYTES) {
      this.source = buf;
      this.copiedTo = end;
      buf.copy(this.block.bytes, at, offset, end);
    } else if (end > this.copiedTo) {
      // The rest of the buffer probably is packets, too. A copy costs more by the call than by the byte.
      this.copiedTo = Math.min(buf.length, offset + this.block.bytes.length - at);
      buf.copy(this.block.bytes, at, offset, this.copiedTo);
    }
    this.sourceEnd = end;
  }

  private hasRoom(needed: number): boolean {
    const { block, used, firstPacket, count } = this;
    if (firstPacket + count === block.tracks.length) return false;
    const left = block.bytes.length - used;
    // The next batch will be about as large as the last; what is left of a block should hold it.
    if (count === 0 && left < this.lastBytes && left <= MAX_WASTE_BYTES) return false;
    return needed <= left;
  }

  /** Goes on in another block, with what the present batch has so far. */
  private nextBlock(needed: number): void {
    const { block: old, firstByte, firstPacket, used, count } = this;
    const bytes = used - firstByte + needed;
    const block = this.pool.take(bytes, count + 1);
    if (count > 0) {
      old.bytes.copy(block.bytes, 0, firstByte, used);
      block.offsets.set(old.offsets.subarray(firstPacket, firstPacket + count));
      block.lengths.set(old.lengths.subarray(firstPacket, firstPacket + count));
      block.tracks.set(old.tracks.subarray(firstPacket, firstPacket + count));
    }
    if (this.reusable) this.filled.push(old);
    this.begin(block);
    this.used = used - firstByte;
  }

  private begin(block: Block): void {
    this.block = block;
    this.source = undefined;
    this.reusable = true;
    this.firstByte = 0;
    this.firstPacket = 0;
    this.used = 0;
  }
}
