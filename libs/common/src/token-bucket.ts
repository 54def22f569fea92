/** Lets so much pass per second, and a burst at once; allocates nothing when asked. Times are of a monotonic clock. */
export class TokenBucket {
  private tokens: number;
  private atMs: number;

  /**
   * @param perSecond what comes back in a second
   * @param burst what may pass at once
   */
  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    nowMs: number,
  ) {
    this.tokens = burst;
    this.atMs = nowMs;
  }

  /** Takes `amount` if it is there. More than the burst passes when the bucket is full, and is paid back afterwards. */
  take(amount: number, nowMs: number): boolean {
    const level = this.level(nowMs);
    if (level < Math.min(amount, this.burst)) return false;
    this.tokens = level - amount;
    return true;
  }

  /** Takes `amount` in any case: what was not there is paid back. */
  spend(amount: number, nowMs: number): void {
    this.tokens = this.level(nowMs) - amount;
  }

  /** Milliseconds until nothing is owed any more; 0: nothing is. */
  debtMs(nowMs: number): number {
    return (Math.max(0, -this.level(nowMs)) * 1000) / this.perSecond;
  }

  /** What may pass now; negative while something is paid back. */
  level(nowMs: number): number {
    const gained = (Math.max(0, nowMs - this.atMs) * this.perSecond) / 1000;
    this.tokens = Math.min(this.burst, this.tokens + gained);
    this.atMs = nowMs;
    return this.tokens;
  }
}
