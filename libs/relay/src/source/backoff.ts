export interface BackoffOptions {
  /** Ceiling of the first delay. */
  readonly initialMs: number;
  /** Ceiling of all delays. */
  readonly maxMs: number;
}

/** Exponential backoff whose delays lie in the upper half of their ceiling, so that cameras do not return in step. */
export class Backoff {
  private failures = 0;

  /** @param random yields [0, 1) */
  constructor(
    private readonly options: BackoffOptions,
    private readonly random: () => number = Math.random,
  ) {}

  /** Delay before the next attempt; its ceiling doubles with each call. */
  nextMs(): number {
    const ceiling = Math.min(this.options.maxMs, this.options.initialMs * 2 ** this.failures);
    this.failures += 1;
    return ceiling * (0.5 + 0.5 * this.random());
  }

  reset(): void {
    this.failures = 0;
  }
}
