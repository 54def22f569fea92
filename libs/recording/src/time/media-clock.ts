import { MAX_SLEW } from './wall-clock.js';

/** Arrivals are judged in windows of this length; the least delayed unit of a window speaks for it. */
export const WINDOW_MS = 5_000;
/** A lasting difference that neither slewing nor a seam would mend: a new run must begin. */
export const RESYNC_MS = 500;
/** All units of two windows being later than this is no network but a camera that held its clock. */
export const MAX_LAG_MS = 80;
/** A track that follows the leader by sender reports is set right at a seam when it is off by more. */
export const MAX_SKEW_ERROR_MS = 20;
/** Rounding of times that slewing of the wall clock may not explain. */
const WALL_ROUNDING_MS = 1;

/**
 * Maps the ticks of one track to wall time, in two steps that are each slewed by at most {@link MAX_SLEW}: to our monotonic
 * clock, and from there to wall time as {@link WallClock} has it. A unit can be late but not early, so the least delayed
 * arrivals show how far the camera's clock has drifted; a track that is steered goes by what it is told instead.
 */
export class MediaClock {
  private monotonicOffsetMs: number | undefined;
  private wallOffsetMs: number | undefined;
  private lastArrivalMs = 0;
  private anchored = false;
  private steeredMs: number | undefined;
  private lastMs = 0;
  private windowStartMs = 0;
  private windowMinMs = Infinity;
  private previousMinMs = Infinity;
  private beforePreviousMinMs = Infinity;

  constructor(private readonly clockRateHz: number) {}

  /** Wall time of a tick. Only meaningful once a unit was observed. */
  wallMs(ticks: number): number {
    return (ticks / this.clockRateHz) * 1000 + this.offsetMs;
  }

  /** The first tick whose wall time is not before `wallMs`. */
  ticksAt(wallMs: number): number {
    return Math.ceil(((wallMs - this.offsetMs) / 1000) * this.clockRateHz);
  }

  /** The tick that arrives at this moment if nothing delays it; infinite while that is not sure. */
  dueTicks(arrivalMs: number): number {
    if (!this.anchored || this.monotonicOffsetMs === undefined) return Infinity;
    return ((arrivalMs - this.monotonicOffsetMs) / 1000) * this.clockRateHz;
  }

  /** From media time to our monotonic clock, undefined before the first unit. */
  get arrivalOffsetMs(): number | undefined {
    return this.monotonicOffsetMs;
  }

  /** True when arrivals contradict the mapping by more than slewing can mend soon. */
  get lost(): boolean {
    return this.previousMinMs !== Infinity && Math.abs(this.previousMinMs) > RESYNC_MS;
  }

  /**
   * From now on wall times are promised to somebody: the mapping may only slew.
   * @param shiftMs moves all wall times once
   */
  anchor(shiftMs: number): void {
    this.anchored = true;
    if (this.steeredMs !== undefined) this.monotonicOffsetMs = this.steeredMs;
    this.move(shiftMs);
  }

  /** The mapping to monotonic time goes towards this offset; `undefined`: arrivals are the judge again. */
  steer(offsetMs: number | undefined): void {
    this.steeredMs = offsetMs;
  }

  /**
   * What {@link MediaClock.settle} would move wall times by; 0 when slewing will do.
   * @param back whether they may be moved back, so that media which were placed before would be overlapped
   */
  owedMs(back: boolean): number {
    if (!this.anchored || this.monotonicOffsetMs === undefined) return 0;
    if (this.steeredMs !== undefined) {
      const errorMs = this.steeredMs - this.monotonicOffsetMs;
      return Math.abs(errorMs) > MAX_SKEW_ERROR_MS ? errorMs : 0;
    }
    const { previousMinMs, beforePreviousMinMs } = this;
    if (previousMinMs === Infinity) return 0;
    if (back && previousMinMs < -MAX_LAG_MS) return previousMinMs;
    const lagMs = Math.min(previousMinMs, beforePreviousMinMs);
    return lagMs > MAX_LAG_MS && beforePreviousMinMs !== Infinity ? lagMs : 0;
  }

  /** Sets right at once what slewing would take long for: only where a segment begins. */
  settle(back: boolean): void {
    const stepMs = this.owedMs(back);
    if (stepMs !== 0) this.move(stepMs);
  }

  /**
   * @param arrivalMs monotonic
   * @param wallOffsetMs from monotonic to wall time, as it is now
   */
  observe(ticks: number, arrivalMs: number, wallOffsetMs = 0): void {
    this.followWall(arrivalMs, wallOffsetMs);
    const mediaMs = (ticks / this.clockRateHz) * 1000;
    if (this.monotonicOffsetMs === undefined) {
      this.monotonicOffsetMs = arrivalMs - mediaMs;
      this.lastMs = mediaMs;
      this.windowStartMs = mediaMs;
    }
    const errorMs = arrivalMs - mediaMs - this.monotonicOffsetMs;
    if (!this.anchored) {
      if (errorMs < 0) this.monotonicOffsetMs += errorMs;
      this.lastMs = mediaMs;
      this.windowStartMs = mediaMs;
      return;
    }
    this.windowMinMs = Math.min(this.windowMinMs, errorMs);
    if (mediaMs - this.windowStartMs >= WINDOW_MS) {
      this.beforePreviousMinMs = this.previousMinMs;
      this.previousMinMs = this.windowMinMs;
      this.windowMinMs = errorMs;
      this.windowStartMs = mediaMs;
    }
    this.slew(mediaMs);
  }

  private get offsetMs(): number {
    return (this.monotonicOffsetMs ?? 0) + (this.wallOffsetMs ?? 0);
  }

  /** Our time being slewed takes the mapping along; when it is set instead, the mapping stays until the run has ended. */
  private followWall(arrivalMs: number, wallOffsetMs: number): void {
    const limitMs = Math.max(0, arrivalMs - this.lastArrivalMs) * MAX_SLEW + WALL_ROUNDING_MS;
    const known = this.wallOffsetMs;
    if (known === undefined || Math.abs(wallOffsetMs - known) <= limitMs) {
      this.wallOffsetMs = wallOffsetMs;
      this.lastArrivalMs = arrivalMs;
    }
  }

  private slew(mediaMs: number): void {
    const elapsedMs = mediaMs - this.lastMs;
    if (elapsedMs <= 0 || this.monotonicOffsetMs === undefined) return;
    this.lastMs = mediaMs;
    const limitMs = elapsedMs * MAX_SLEW;
    this.move(Math.max(-limitMs, Math.min(limitMs, this.wantedMs(this.monotonicOffsetMs))));
  }

  private wantedMs(offsetMs: number): number {
    if (this.steeredMs !== undefined) return this.steeredMs - offsetMs;
    return this.previousMinMs === Infinity ? Math.min(0, this.windowMinMs) : this.previousMinMs;
  }

  private move(stepMs: number): void {
    this.monotonicOffsetMs = (this.monotonicOffsetMs ?? 0) + stepMs;
    this.windowMinMs -= stepMs;
    this.previousMinMs -= stepMs;
    this.beforePreviousMinMs -= stepMs;
  }
}
