/** Footage that follows sooner than this belongs together: rounding of clocks, not missing pictures. */
export const TOUCH_MS = 50;

/** Time between two pieces of footage. */
export interface Hole {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Where pieces of footage lie when they are played one after the other: wall time without the holes (or with them), and
 * without overlaps, for after our clock was set back the same wall time may be there twice. Milliseconds throughout.
 */
export class Positions {
  private shiftMs: number;
  private previousEndMs: number | undefined;
  readonly holes: Hole[] = [];

  /** @param originMs wall time of position 0 */
  constructor(
    originMs: number,
    private readonly holesAs: 'cut' | 'keep',
  ) {
    this.shiftMs = originMs;
  }

  /**
   * Takes the next piece, by start.
   * @returns what to subtract from its wall times, and whether it follows the one before without a hole
   */
  next(startMs: number, endMs: number): { readonly shiftMs: number; readonly touches: boolean } {
    const previous = this.previousEndMs;
    let touches = previous !== undefined;
    if (previous !== undefined) {
      const holeMs = startMs - previous;
      if (holeMs > TOUCH_MS) {
        this.holes.push({ startMs: previous, endMs: startMs });
        touches = false;
        if (this.holesAs === 'cut') this.shiftMs += holeMs;
      } else if (holeMs < -TOUCH_MS) {
        touches = false;
        this.shiftMs += holeMs;
      }
    }
    this.previousEndMs = endMs;
    return { shiftMs: this.shiftMs, touches };
  }
}
