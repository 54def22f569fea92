/** What a device does not take is tried so often. */
export const MAX_TRIES = 3;
/** After which it may have been mended. */
const FORGET_AFTER_MS = 24 * 3_600_000;

/** Counts how often something was tried at a device, so that nobody tries for ever. */
export class Attempts {
  private readonly made = new Map<string, { tries: number; lastMs: number }>();

  of(key: string, nowMs: number): number {
    const made = this.made.get(key);
    if (made === undefined || nowMs - made.lastMs < FORGET_AFTER_MS) return made?.tries ?? 0;
    this.made.delete(key);
    return 0;
  }

  count(key: string, nowMs: number): void {
    this.made.set(key, { tries: this.of(key, nowMs) + 1, lastMs: nowMs });
  }
}
