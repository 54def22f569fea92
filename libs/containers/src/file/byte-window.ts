import type { FileBytes } from './media-file.js';

/** What is read at once. */
export const WINDOW_BYTES = 256 * 1024;

/** Walks through a file with a piece of it in memory. */
export class ByteWindow {
  private bytes: Buffer = Buffer.alloc(0);
  /** Offset of the piece in the file. */
  private start = 0;

  constructor(private readonly source: FileBytes) {}

  get sizeBytes(): number {
    return this.source.sizeBytes;
  }

  /**
   * A view of the bytes from `at` on, good until the next call; fewer than asked for at the end of the file.
   * @param bytes no more than what is needed: it is all kept in memory
   */
  async view(at: number, bytes: number): Promise<Buffer> {
    const from = at - this.start;
    if (from >= 0 && from + bytes <= this.bytes.length)
      return this.bytes.subarray(from, from + bytes);
    const end = Math.min(at + bytes, this.sizeBytes);
    if (end <= at) return Buffer.alloc(0);
    const wanted = Math.min(Math.max(end - at, WINDOW_BYTES), this.sizeBytes - at);
    const read = await this.source.read(at, wanted);
    this.bytes = Buffer.from(read.buffer, read.byteOffset, read.byteLength);
    this.start = at;
    return this.bytes.subarray(0, end - at);
  }
}
