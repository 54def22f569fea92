import type { Clock, MonotonicMs, WallTimeMs } from '@nightjar/common';

/** Our time never runs faster or slower than true by more than this while it is being corrected. */
export const MAX_SLEW = 500e-6;
/** The system clock being ahead of us by more is a step (start without a real-time clock, suspend): followed at once. */
export const FORWARD_STEP_MS = 1_000;
/** Being behind by more is a step too. Less is slewed, so that footage does not overlap. */
export const BACKWARD_STEP_MS = 60_000;

/**
 * UTC that does not jump: the monotonic clock, anchored to the system's wall clock once and slewed towards it by at most
 * {@link MAX_SLEW}. One per process, so that all recordings share one time.
 */
export class WallClock {
  private offsetMs: number;
  private syncedAtMs: number;
  private stepCount = 0;

  constructor(readonly source: Clock) {
    this.syncedAtMs = source.monotonicMs();
    this.offsetMs = source.wallMs() - this.syncedAtMs;
  }

  /** Rises by one whenever our time was set instead of slewed: media before and after do not belong to one run. */
  get steps(): number {
    return this.stepCount;
  }

  now(): WallTimeMs {
    const monotonicMs = this.source.monotonicMs();
    this.sync(monotonicMs);
    return (monotonicMs + this.offsetMs) as WallTimeMs;
  }

  /** Wall time of a monotonic instant not far from now. */
  at(monotonicMs: MonotonicMs): WallTimeMs {
    this.sync(this.source.monotonicMs());
    return (monotonicMs + this.offsetMs) as WallTimeMs;
  }

  private sync(monotonicMs: number): void {
    const elapsedMs = monotonicMs - this.syncedAtMs;
    if (elapsedMs <= 0) return;
    this.syncedAtMs = monotonicMs;
    const errorMs = this.source.wallMs() - monotonicMs - this.offsetMs;
    if (errorMs > FORWARD_STEP_MS || errorMs < -BACKWARD_STEP_MS) {
      this.offsetMs += errorMs;
      this.stepCount += 1;
      return;
    }
    const limitMs = elapsedMs * MAX_SLEW;
    this.offsetMs += Math.max(-limitMs, Math.min(limitMs, errorMs));
  }
}
