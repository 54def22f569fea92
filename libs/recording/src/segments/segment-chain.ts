/**
 * The hash of the newest closed segment of one stream, across runs and processes: what the next segment names as the one
 * before it, so that a segment that was taken out or replaced later is noticed.
 */
export class SegmentChain {
  /** @param last null: the stream has no segment yet */
  constructor(private last: string | null) {}

  /** Hash that a segment that begins now names. */
  get previousHash(): string | null {
    return this.last;
  }

  /** The newest segment of before was found late; counts as long as none was closed. */
  found(hash: string | null): void {
    this.last ??= hash;
  }

  /** A segment was closed. */
  closed(hash: string): void {
    this.last = hash;
  }
}
