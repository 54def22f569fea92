import type { Clock, MonotonicMs, Timer } from '@nightjar/common';

/**
 * What a player gets at once, and again after each interval, when nothing else is configured. More at once overflows the
 * receive buffer that players have by default (212,992 bytes on Linux, of which packets take about twice their size).
 */
export const DEFAULT_BURST_BYTES = 48 * 1024;
export const DEFAULT_BURST_INTERVAL_MS = 5;

export interface PacerOptions {
  readonly clock: Clock;
  readonly burstBytes?: number;
  readonly intervalMs?: number;
}

/** Something that sends what it has queued as fast as its {@link Allowance} grants. */
export interface Paced {
  readonly queuedBytes: number;
  /** Sends what may be sent now. Returns false when nothing is queued any more. */
  sendQueued(now: MonotonicMs): boolean;
}

/** Wakes all that have something queued, with one timer for everybody. */
export class Pacer {
  readonly burstBytes: number;
  readonly intervalMs: number;
  readonly clock: Clock;
  private readonly waiting = new Set<Paced>();
  private timer: Timer | undefined;

  constructor({
    clock,
    burstBytes = DEFAULT_BURST_BYTES,
    intervalMs = DEFAULT_BURST_INTERVAL_MS,
  }: PacerOptions) {
    this.clock = clock;
    this.burstBytes = burstBytes;
    this.intervalMs = intervalMs;
  }

  /** Calls {@link Paced.sendQueued} every interval until it returns false. */
  wake(paced: Paced): void {
    this.waiting.add(paced);
    this.timer ??= this.clock.setTimer(this.intervalMs, () => this.tick());
  }

  forget(paced: Paced): void {
    this.waiting.delete(paced);
  }

  private tick(): void {
    this.timer = undefined;
    const now = this.clock.monotonicMs();
    // Not the set itself, which is added to meanwhile.
    const due = Array.from(this.waiting);
    for (const paced of due) {
      if (!this.waiting.has(paced)) continue;
      const before = paced.queuedBytes;
      const more = paced.sendQueued(now);
      // Whoever was served goes to the end, so that a socket that takes only some of it is shared fairly.
      if (!more || paced.queuedBytes < before) this.waiting.delete(paced);
      if (more) this.waiting.add(paced);
    }
    if (this.waiting.size > 0)
      this.timer ??= this.clock.setTimer(this.intervalMs, () => this.tick());
  }
}

/** A token bucket: `burstBytes` at once, refilled evenly within the interval. */
export class Allowance {
  private bytes: number;
  private filledMs: MonotonicMs | undefined;

  constructor(private readonly pacer: Pacer) {
    this.bytes = pacer.burstBytes;
  }

  /** Bytes that may be sent now. */
  at(now: MonotonicMs): number {
    const { burstBytes, intervalMs } = this.pacer;
    if (this.filledMs !== undefined && this.bytes < burstBytes) {
      const refill = ((now - this.filledMs) * burstBytes) / intervalMs;
      this.bytes = Math.min(burstBytes, this.bytes + refill);
    }
    this.filledMs = now;
    return this.bytes;
  }

  /** Below 0 after a packet that is larger than a burst: the next one waits longer. */
  spend(bytes: number): void {
    this.bytes -= bytes;
  }
}
