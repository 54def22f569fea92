import type { Clock, Timer } from '@nightjar/common';

/**
 * Line in the log of a job that says: end it. It is kept with the job, so it reaches the worker that has the job now and, should
 * that one die, the next.
 */
export const CANCEL_MARK = 'cancel';
/** How soon a running job hears of it. */
const LOOK_EVERY_MS = 1_000;

/** Looks, while a job runs, whether somebody wants it to end. */
export class CancelWatch {
  private timer: Timer | undefined;
  private closed = false;

  /**
   * @param marked whether the mark is there
   * @param cancel called once
   * @param failed told when looking fails; it goes on
   */
  constructor(
    private readonly clock: Clock,
    private readonly marked: () => Promise<boolean>,
    private readonly cancel: () => void,
    private readonly failed: (error: unknown) => void,
  ) {
    this.next();
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
  }

  private next(): void {
    this.timer = this.clock.setTimer(LOOK_EVERY_MS, () => void this.look());
  }

  private async look(): Promise<void> {
    try {
      if (await this.marked()) {
        if (!this.closed) this.cancel();
        return;
      }
    } catch (error) {
      this.failed(error);
    }
    if (!this.closed) this.next();
  }
}
