/** The end of a byte stream, kept until it is known not to be needed. Offsets count from the start of the stream. */
export class KeptBytes {
  private chunks: Buffer[] = [];
  private start = 0;
  private end = 0;

  get length(): number {
    return this.chunks.reduce((sum, { length }) => sum + length, 0);
  }

  /** Takes the next bytes; the chunk must not change while it is kept. */
  push(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.end += chunk.length;
  }

  /** Passes over the next bytes, and forgets what came before. */
  skip(bytes: number): void {
    this.end += bytes;
    this.dropBefore(this.end);
  }

  dropBefore(offset: number): void {
    let first = this.chunks[0];
    while (first !== undefined && this.start + first.length <= offset) {
      this.start += first.length;
      this.chunks.shift();
      first = this.chunks[0];
    }
    if (first === undefined) this.start = Math.max(this.start, Math.min(offset, this.end));
  }

  /** All from `offset` on as a buffer of its own; undefined when some of it was let go. */
  from(offset: number): Buffer | undefined {
    if (offset < this.start || offset > this.end) return undefined;
    return Buffer.concat(this.chunks).subarray(offset - this.start);
  }
}
