import type { Clock, Timer } from '@nightjar/common';

/** Something that goes wrong for a while, or until it is ended. */
export class Outage {
  private timer: Timer | undefined;
  private until: number | undefined;

  /** @param ended called each time the outage ends, by itself or by {@link end} */
  constructor(
    private readonly clock: Clock,
    private readonly ended: () => void,
  ) {}

  get active(): boolean {
    return this.until !== undefined;
  }

  /** Infinity for an outage without an end, 0 when all is well. */
  get remainingSeconds(): number {
    return this.until === undefined ? 0 : (this.until - this.clock.monotonicMs()) / 1000;
  }

  /** Begins, or moves the end of what has begun. */
  begin(seconds: number): void {
    this.timer?.cancel();
    this.until = this.clock.monotonicMs() + seconds * 1000;
    this.timer =
      seconds === Infinity ? undefined : this.clock.setTimer(seconds * 1000, () => this.end());
  }

  end(): void {
    if (this.until === undefined) return;
    this.timer?.cancel();
    this.until = undefined;
    this.ended();
  }
}
