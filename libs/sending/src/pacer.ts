import type { Clock } from '@nightjar/common';

/** Holds units back until their time. Waiting ends early when it is cancelled. */
export class Pacer {
  private originMs: number | undefined;
  private slipping = false;
  private wake: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    /** Media time per time. */
    private speed: number,
  ) {}

  /** Play starts anew with the next unit: after a pause or a seek. */
  restart(speed = this.speed): void {
    this.originMs = undefined;
    this.speed = speed;
  }

  /** What comes next could not come sooner: if it is late, so is all after it, instead of hurrying to make up for it. */
  slip(): void {
    this.slipping = true;
  }

  /** Resolves when a unit of this media time (milliseconds) is due. */
  async due(mediaMs: number): Promise<void> {
    const atMs = mediaMs / this.speed;
    const now = this.clock.monotonicMs();
    this.originMs ??= now - atMs;
    if (this.slipping) this.originMs = Math.max(this.originMs, now - atMs);
    this.slipping = false;
    const waitMs = this.originMs + atMs - now;
    if (waitMs <= 1) return;
    await new Promise<void>((resolve) => {
      const timer = this.clock.setTimer(waitMs, resolve);
      this.wake = () => {
        timer.cancel();
        resolve();
      };
    });
    this.wake = undefined;
  }

  /** Ends a wait at once. */
  cancel(): void {
    this.wake?.();
  }
}
