import type { Clock } from '@nightjar/common';

/** Compares the wall clock with the monotonic one over the life of a process. */
export class ClockWatch {
  private wallMs: number;
  private monotonicMs: number;

  constructor(private readonly clock: Clock) {
    this.wallMs = clock.wallMs();
    this.monotonicMs = clock.monotonicMs();
  }

  /** By how much the wall clock has run ahead since the last {@link trust}; negative when it went back. */
  get jumpMs(): number {
    return this.clock.wallMs() - this.wallMs - (this.clock.monotonicMs() - this.monotonicMs);
  }

  /** Takes the present wall time for the truth. */
  trust(): void {
    this.wallMs = this.clock.wallMs();
    this.monotonicMs = this.clock.monotonicMs();
  }
}
