/** A cache as its budget sees it. */
export interface BudgetedCache {
  /** Memory that the cache keeps alive, bytes. */
  readonly bytes: number;
  /** Forgets everything, and tells the budget so. */
  giveUp(): void;
}

/**
 * Bounds what the caches of all streams keep together. Over the bound the largest cache gives up its GOP: one stream with a
 * long GOP or a high bit rate, whose new readers then wait for the next keyframe, rather than a little of every stream.
 */
export class GopBudget {
  private readonly caches = new Set<BudgetedCache>();
  private total = 0;

  /** @param limitBytes of all caches together; 0 keeps nothing */
  constructor(readonly limitBytes: number) {}

  /** Memory that all caches keep alive now, bytes. */
  get bytes(): number {
    return this.total;
  }

  /** A cache grew (or shrank, below 0) by so many bytes. It may be told to give up before this returns. */
  changed(cache: BudgetedCache, deltaBytes: number): void {
    this.total += deltaBytes;
    if (cache.bytes > 0) this.caches.add(cache);
    else this.caches.delete(cache);
    while (this.total > this.limitBytes) {
      const largest = this.largest();
      if (largest === undefined) return;
      largest.giveUp();
    }
  }

  private largest(): BudgetedCache | undefined {
    let found: BudgetedCache | undefined;
    for (const cache of this.caches) {
      if (found === undefined || cache.bytes > found.bytes) found = cache;
    }
    return found;
  }
}
