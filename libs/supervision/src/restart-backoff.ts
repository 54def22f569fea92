/** Wait before the second restart in a row; the first one is immediate. */
export const FIRST_DELAY_MS = 250;
export const MAX_DELAY_MS = 30_000;
/**
 * A process that lived this long was healthy: its next crash counts as the first. Longer than a crash loop of any role takes
 * per turn, and short enough that single crashes minutes or seconds apart never cost footage by waiting.
 */
export const HEALTHY_AFTER_MS = 5_000;

/** Exponential delays between restarts of one process. */
export class RestartBackoff {
  private crashes = 0;

  /** Delay in ms before the next start of a process that has just ended after `livedMs`. */
  next(livedMs: number): number {
    if (livedMs >= HEALTHY_AFTER_MS) this.crashes = 0;
    this.crashes += 1;
    if (this.crashes === 1) return 0;
    return Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.crashes - 2));
  }
}
