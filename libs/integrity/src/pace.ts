import { NightjarError, type Clock } from '@nightjar/common';

/** Longest debt that is forgiven: after a pause nothing is read in a burst to make up for it. */
const BURST_MS = 250;

/** Holds reading to a rate, so that a check of the archive never competes with recording. */
export class Pace {
  /** Monotonic time at which all that was let through has been paid for. */
  private paidAtMs = -Infinity;

  /** @param bytesPerSecond `Infinity`: as fast as the disk */
  constructor(
    private readonly bytesPerSecond: number,
    private readonly clock: Clock,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * Resolves when so many more bytes may be read.
   * @throws NightjarError `cancelled` when the signal aborts
   */
  async spend(bytes: number): Promise<void> {
    this.check();
    const now = this.clock.monotonicMs();
    this.paidAtMs = Math.max(this.paidAtMs, now - BURST_MS) + (bytes / this.bytesPerSecond) * 1000;
    const waitMs = this.paidAtMs - now;
    if (waitMs <= 0) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        timer.cancel();
        this.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.clock.setTimer(waitMs, done);
      this.signal.addEventListener('abort', done);
    });
    this.check();
  }

  private check(): void {
    if (this.signal.aborted)
      throw new NightjarError('cancelled', 'integrity/stopped', 'the check was stopped');
  }
}
