const LF = 0x0a;

/** Longest line; the rest of a longer one is passed over. */
export const MAX_LINE_BYTES = 64 * 1024;

/** One line, or that one was too long to be looked at. */
export type Line = { readonly bytes: number } & (
  { readonly text: string } | { readonly tooLong: true }
);

/** Cuts what comes in pieces into lines; a line stays until it is taken. */
export class LineBuffer {
  private waiting: Buffer = Buffer.alloc(0);
  /** Bytes of a line that is too long, so far. */
  private skipped = 0;

  /** Bytes that were put in and belong to no line that was taken. */
  get bytes(): number {
    return this.waiting.length + this.skipped;
  }

  push(piece: Buffer): void {
    this.waiting = Buffer.concat([this.waiting, piece]);
  }

  /** The next whole line; undefined: more has to come. It is given again until {@link take} is called. */
  peek(): Line | undefined {
    const end = this.waiting.indexOf(LF);
    if (end < 0) {
      if (this.waiting.length > MAX_LINE_BYTES) {
        this.skipped += this.waiting.length;
        this.waiting = Buffer.alloc(0);
      }
      return undefined;
    }
    const bytes = this.skipped + end + 1;
    return bytes > MAX_LINE_BYTES + 1
      ? { bytes, tooLong: true }
      : { bytes, text: this.waiting.toString('utf8', 0, end).trim() };
  }

  /** Done with the line that {@link peek} gave. */
  take(): void {
    this.waiting = this.waiting.subarray(this.waiting.indexOf(LF) + 1);
    this.skipped = 0;
  }

  clear(): void {
    this.waiting = Buffer.alloc(0);
    this.skipped = 0;
  }
}
