/** A step of a track's clock larger than this is no pause but a jump (protocols.md 13.1 a). */
export const MAX_STEP_SECONDS = 10;
/** Media may run ahead of their arrival by so much in one unit; more is a jump of the camera's clock. */
export const MAX_LEAD_SECONDS = 0.5;
/** B-frames step back, but not further than this, */
export const MAX_REORDER_SECONDS = 1;
/** and not more often than this in a row (H.264 and H.265: at most 16 pictures wait for output). */
export const MAX_REORDER_UNITS = 16;
/** Weight of the newest unit in the running interval. */
const INTERVAL_WEIGHT = 1 / 8;
/** A jump of the clock does not hide that nothing new came for more than so many intervals. */
const NOTICED_PAUSE_INTERVALS = 4;

/**
 * Makes one line of a camera's timestamps: steps by SNTP, wraps of the camera's counter and repeated values become one
 * running frame interval. B-frames keep their presentation times.
 */
export class TickLine {
  private shiftTicks = 0;
  private highestTicks = 0;
  private lastArrivalMs = 0;
  /** Of the unit that is `highestTicks`. */
  private highestArrivalMs = 0;
  private reordered = 0;
  private started = false;
  private intervalTicks: number;
  private jumpCount = 0;

  constructor(private readonly clockRateHz: number) {
    this.intervalTicks = clockRateHz / 25;
  }

  /** Discontinuities healed so far. */
  get jumps(): number {
    return this.jumpCount;
  }

  /** Running mean distance of units, in ticks, at least 1. */
  get interval(): number {
    return Math.max(1, Math.round(this.intervalTicks));
  }

  /**
   * @param ticks as it came, unwrapped
   * @param arrivalMs monotonic
   * @param keyframe nothing after a keyframe may precede what came before it, so a step back there is a jump
   * @returns ticks on the line
   */
  place(ticks: number, arrivalMs: number, keyframe: boolean): number {
    const elapsedTicks = this.ticksSince(this.lastArrivalMs, arrivalMs);
    this.lastArrivalMs = arrivalMs;
    const placed = ticks + this.shiftTicks;
    if (!this.started) {
      this.started = true;
      return this.rise(placed, arrivalMs);
    }
    const step = placed - this.highestTicks;
    if (this.isJump(step, elapsedTicks, keyframe)) {
      const pauseTicks = Math.round(this.ticksSince(this.highestArrivalMs, arrivalMs));
      const isPause = pauseTicks > NOTICED_PAUSE_INTERVALS * this.intervalTicks;
      const healed = isPause ? pauseTicks : this.interval;
      this.shiftTicks += healed - step;
      this.jumpCount += 1;
      return this.rise(this.highestTicks + healed, arrivalMs);
    }
    this.intervalTicks += (Math.max(0, step) - this.intervalTicks) * INTERVAL_WEIGHT;
    if (step > 0) return this.rise(placed, arrivalMs);
    this.reordered += 1;
    return placed;
  }

  private rise(ticks: number, arrivalMs: number): number {
    this.highestTicks = ticks;
    this.highestArrivalMs = arrivalMs;
    this.reordered = 0;
    return ticks;
  }

  private ticksSince(fromMs: number, toMs: number): number {
    return (Math.max(0, toMs - fromMs) / 1000) * this.clockRateHz;
  }

  private isJump(step: number, elapsedTicks: number, keyframe: boolean): boolean {
    const rate = this.clockRateHz;
    if (step > 0) {
      if (step > MAX_STEP_SECONDS * rate) return true;
      return step - elapsedTicks > MAX_LEAD_SECONDS * rate && step > 4 * this.intervalTicks;
    }
    return keyframe || step < -MAX_REORDER_SECONDS * rate || this.reordered >= MAX_REORDER_UNITS;
  }
}
