import { NightjarError } from '@nightjar/common';

const BITS = 32;

/** Which of the newest packet indexes were seen (RFC 3711 s.3.3.2). Older ones than it covers count as seen. */
export class ReplayWindow {
  private readonly words: Uint32Array;
  private newest = -1;

  /** @param size indexes that are covered, a multiple of 32, at least 64 */
  constructor(private readonly size: number) {
    if (size < 64 || size % BITS !== 0 || !Number.isSafeInteger(size))
      throw new NightjarError('invalid', 'srtp/window', 'the replay window has no such size');
    this.words = new Uint32Array(size / BITS);
  }

  /** Highest index seen, -1 before the first. */
  get highest(): number {
    return this.newest;
  }

  /** Whether a packet with this index may still be taken. */
  isFresh(index: number): boolean {
    if (index < 0) return false;
    if (index > this.newest) return true;
    if (this.newest - index >= this.size) return false;
    const at = index % this.size;
    return (this.words[Math.floor(at / BITS)]! & (1 << (at % BITS))) === 0;
  }

  /** Marks an index that {@link isFresh}. */
  add(index: number): void {
    if (index - this.newest >= this.size) this.words.fill(0);
    else for (let i = this.newest + 1; i < index; i++) this.clear(i % this.size);
    if (index > this.newest) this.newest = index;
    const at = index % this.size;
    const word = Math.floor(at / BITS);
    this.words[word] = this.words[word]! | (1 << (at % BITS));
  }

  private clear(at: number): void {
    const word = Math.floor(at / BITS);
    this.words[word] = this.words[word]! & ~(1 << (at % BITS));
  }
}
