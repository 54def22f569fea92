/**
 * Shares the event loop among those who always have something to do: each who asks gets a turn of the loop of its own, in
 * the order of asking. However many there are, whatever else waits (sockets, timers) is served between any two turns.
 */
export class Turns {
  private readonly waiting: (() => void)[] = [];

  /** Resolves when the caller may do one bounded piece of work. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      if (this.waiting.length === 1) this.arm();
    });
  }

  private arm(): void {
    // An immediate that is set inside an immediate runs in the next turn of the loop.
    setImmediate(() => {
      this.waiting.shift()?.();
      if (this.waiting.length > 0) this.arm();
    });
  }
}
