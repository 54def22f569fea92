import type { Clock, MonotonicMs } from '@nightjar/common';

/**
 * Signals this soon after the first one are the same key press: under `npm start` one Ctrl-C arrives twice, from the
 * terminal and once more forwarded by npm.
 */
export const ECHO_WINDOW_MS = 1_000;

/** First signal: stop in order. A second one, later than the echo of the first: end everything at once. */
export class StopSignals {
  private firstAt: MonotonicMs | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly stop: () => void,
    private readonly kill: () => void,
  ) {}

  receive(): void {
    const now = this.clock.monotonicMs();
    if (this.firstAt === undefined) {
      this.firstAt = now;
      this.stop();
    } else if (now - this.firstAt > ECHO_WINDOW_MS) {
      this.kill();
    }
  }
}
