/** Unix epoch milliseconds by our clock (not the camera's); may hold a fraction. */
export type WallTimeMs = number & { readonly __brand: 'WallTimeMs' };
/** Milliseconds of a clock that never steps; only differences mean something; holds a fraction. */
export type MonotonicMs = number & { readonly __brand: 'MonotonicMs' };

export interface Timer {
  cancel(): void;
}

/** Time and timers as a port, so that tests can turn the hands. */
export interface Clock {
  wallMs(): WallTimeMs;
  monotonicMs(): MonotonicMs;
  /** Calls `fire` once after `delayMs`. The timer does not keep the process alive. */
  setTimer(delayMs: number, fire: () => void): Timer;
}

export const systemClock: Clock = {
  wallMs: () => Date.now() as WallTimeMs,
  monotonicMs: () => performance.now() as MonotonicMs,
  setTimer(delayMs, fire) {
    const handle = setTimeout(fire, delayMs);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

/** A clock that moves only when told; timers fire in order inside {@link ManualClock.advance}. */
export class ManualClock implements Clock {
  private now = 0;
  private readonly timers = new Set<{ at: number; fire: () => void }>();

  constructor(private wallStartMs = Date.UTC(2026, 0, 1)) {}

  wallMs(): WallTimeMs {
    return (this.wallStartMs + this.now) as WallTimeMs;
  }

  monotonicMs(): MonotonicMs {
    return this.now as MonotonicMs;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const timer = { at: this.now + delayMs, fire };
    this.timers.add(timer);
    return { cancel: () => this.timers.delete(timer) };
  }

  /** Steps the wall clock alone, as an operator or NTP would. */
  stepWall(deltaMs: number): void {
    this.wallStartMs += deltaMs;
  }

  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      let next: { at: number; fire: () => void } | undefined;
      for (const timer of this.timers) {
        if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer;
      }
      if (next === undefined) break;
      this.timers.delete(next);
      this.now = Math.max(this.now, next.at);
      next.fire();
    }
    this.now = end;
  }
}
