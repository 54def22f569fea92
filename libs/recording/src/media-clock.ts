import { MAX_SLEW } from './wall-clock.js';

/** Arrivals are judged in windows of this length; the least delayed unit of a window speaks for it. */
export const WINDOW_MS = 10_000;
/** A lasting difference that slewing would not mend soon: a new run must begin. */
export const RESYNC_MS = 500;

/**
 * Maps the ticks of one track to wall time. A unit can be late but not early, so the least delayed arrivals show how far
 * the camera's clock has drifted; the mapping follows them by at most {@link MAX_SLEW}.
 */
export class MediaClock {
  private offsetMs: number | undefined;
  private anchored = false;
  private lastMs = 0;
  private windowStartMs = 0;
  private windowMinMs = Infinity;
  private previousMinMs = Infinity;

  constructor(private readonly clockRateHz: number) {}

  /** Wall time of a tick. Only meaningful once a unit was observed. */
  wallMs(ticks: number): number {
    return (ticks / this.clockRateHz) * 1000 + (this.offsetMs ?? 0);
  }

  /** The first tick whose wall time is not before `wallMs`. */
  ticksAt(wallMs: number): number {
    return Math.ceil(((wallMs - (this.offsetMs ?? 0)) / 1000) * this.clockRateHz);
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
    this.offsetMs = (this.offsetMs ?? 0) + shiftMs;
  }

  observe(ticks: number, arrivalWallMs: number): void {
    const mediaMs = (ticks / this.clockRateHz) * 1000;
    if (this.offsetMs === undefined) {
      this.offsetMs = arrivalWallMs - mediaMs;
      this.lastMs = mediaMs;
      this.windowStartMs = mediaMs;
    }
    const errorMs = arrivalWallMs - mediaMs - this.offsetMs;
    if (!this.anchored) {
      if (errorMs < 0) this.offsetMs += errorMs;
      this.lastMs = mediaMs;
      this.windowStartMs = mediaMs;
      return;
    }
    this.windowMinMs = Math.min(this.windowMinMs, errorMs);
    if (mediaMs - this.windowStartMs >= WINDOW_MS) {
      this.previousMinMs = this.windowMinMs;
      this.windowMinMs = errorMs;
      this.windowStartMs = mediaMs;
    }
    this.slew(mediaMs);
  }

  private slew(mediaMs: number): void {
    const elapsedMs = mediaMs - this.lastMs;
    if (elapsedMs <= 0 || this.offsetMs === undefined) return;
    this.lastMs = mediaMs;
    const wantedMs =
      this.previousMinMs === Infinity ? Math.min(0, this.windowMinMs) : this.previousMinMs;
    const limitMs = elapsedMs * MAX_SLEW;
    const stepMs = Math.max(-limitMs, Math.min(limitMs, wantedMs));
    this.offsetMs += stepMs;
    this.windowMinMs -= stepMs;
    this.previousMinMs -= stepMs;
  }
}
