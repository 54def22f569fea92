/** A step of a track's clock larger than this is no pause but a jump (protocols.md 13.1 a). */
export const MAX_STEP_SECONDS = 10;
/** Media may run ahead of their arrival by so much in one unit; more is a jump of the camera's clock. */
export const MAX_LEAD_SECONDS = 0.5;
/** A unit is late or in time: one that lies further ahead of its arrival shows that its clock was set forwards, */
export const MAX_EARLY_SECONDS = 0.05;
/** if it also is further from the unit before than this many intervals. */
const SKIPPED_INTERVALS = 1.25;
/** B-frames step back, but not further than this. */
export const MAX_REORDER_SECONDS = 1;
/** A timestamp that comes again after this is one of a clock that stands still. */
const STANDSTILL_SECONDS = 0.1;
/** The running interval is the mean of about so many units. */
const INTERVAL_UNITS = 8;
/** A jump of the clock does not hide that nothing new came for more than so many intervals, */
const NOTICED_PAUSE_INTERVALS = 4;
/** or for more than this, if a frame is not longer still. */
const NOTICED_PAUSE_SECONDS = 0.5;
/** A camera that sent no B-frames for so many units has none. */
const REORDER_MEMORY_UNITS = 64;

/**
 * Makes one line of a camera's timestamps: steps by SNTP, wraps of the camera's counter and repeated values become one
 * running frame interval. B-frames keep their presentation times: they fill the hole that the picture before them left.
 */
export class TickLine {
  private shiftTicks = 0;
  private highestTicks = 0;
  /** Before `highestTicks`: between the two, pictures may come out of order. */
  private holeTicks = 0;
  private lastArrivalMs = 0;
  /** Of the unit that is `highestTicks`. */
  private highestArrivalMs = 0;
  /** From one picture to the next that others are presented between; 0 without B-frames. */
  private strideTicks = 0;
  private sinceReorder = 0;
  private started = false;
  private intervalTicks: number;
  /** That the interval was learnt from, up to {@link INTERVAL_UNITS}. */
  private steps = 0;
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
   * @param dueTicks where on the line a unit without any delay would lie now, if that is known
   * @returns ticks on the line
   */
  place(ticks: number, arrivalMs: number, keyframe: boolean, dueTicks = Infinity): number {
    const elapsedTicks = this.ticksSince(this.lastArrivalMs, arrivalMs);
    this.lastArrivalMs = arrivalMs;
    const placed = this.onLine(ticks);
    if (!this.started) {
      this.started = true;
      this.highestTicks = placed - MAX_REORDER_SECONDS * this.clockRateHz;
      return this.rise(placed, arrivalMs);
    }
    const step = placed - this.highestTicks;
    const pauseTicks = Math.round(this.ticksSince(this.highestArrivalMs, arrivalMs));
    if (this.isJump(placed, elapsedTicks, pauseTicks, keyframe, dueTicks)) {
      const isPause = pauseTicks > this.noticedPause || step === 0;
      const least = Math.max(this.interval, this.strideTicks);
      const healed = isPause ? Math.max(pauseTicks, least) : least;
      this.shiftTicks += healed - step;
      this.jumpCount += 1;
      return this.rise(this.highestTicks + healed, arrivalMs);
    }
    this.learn(Math.max(0, step));
    if (step > 0) return this.rise(placed, arrivalMs);
    if (step < 0) this.reorder();
    return placed;
  }

  /** Where a timestamp of the camera's present clock lies. */
  onLine(ticks: number): number {
    return ticks + this.shiftTicks;
  }

  /** Where on the line the camera should be by now, going by the newest unit alone. */
  reachedAt(arrivalMs: number): number {
    return this.highestTicks + this.ticksSince(this.highestArrivalMs, arrivalMs);
  }

  private learn(step: number): void {
    const known = this.steps === INTERVAL_UNITS;
    if (!known) this.steps += 1;
    // A pause says little of the interval.
    const heard = known ? Math.min(step, 2 * this.intervalTicks) : step;
    this.intervalTicks += (heard - this.intervalTicks) / this.steps;
  }

  private rise(ticks: number, arrivalMs: number): number {
    this.holeTicks = this.highestTicks;
    this.highestTicks = ticks;
    this.highestArrivalMs = arrivalMs;
    this.sinceReorder += 1;
    if (this.sinceReorder > REORDER_MEMORY_UNITS) this.strideTicks = 0;
    return ticks;
  }

  private reorder(): void {
    this.strideTicks = this.highestTicks - this.holeTicks;
    this.sinceReorder = 0;
  }

  private ticksSince(fromMs: number, toMs: number): number {
    return (Math.max(0, toMs - fromMs) / 1000) * this.clockRateHz;
  }

  private get noticedPause(): number {
    const { intervalTicks, clockRateHz } = this;
    const longest = Math.max(NOTICED_PAUSE_SECONDS * clockRateHz, 1.5 * intervalTicks);
    return Math.min(NOTICED_PAUSE_INTERVALS * intervalTicks, longest);
  }

  private isJump(
    placed: number,
    elapsedTicks: number,
    pauseTicks: number,
    keyframe: boolean,
    dueTicks: number,
  ): boolean {
    const rate = this.clockRateHz;
    const step = placed - this.highestTicks;
    if (step > 0) {
      if (step > MAX_STEP_SECONDS * rate) return true;
      const isSkip = step > SKIPPED_INTERVALS * Math.max(this.intervalTicks, this.strideTicks);
      if (isSkip && placed - dueTicks > MAX_EARLY_SECONDS * rate) return true;
      return step - elapsedTicks > MAX_LEAD_SECONDS * rate && step > 4 * this.intervalTicks;
    }
    if (keyframe) return true;
    if (step === 0) return pauseTicks > STANDSTILL_SECONDS * rate;
    return placed <= this.holeTicks || step < -MAX_REORDER_SECONDS * rate;
  }
}
