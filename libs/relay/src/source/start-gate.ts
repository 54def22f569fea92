import type { Clock, Timer } from '@nightjar/common';

/** Connection attempts under way at once, over all sources. */
const DEFAULT_CONCURRENT = 16;
/** Distance between the starts of two attempts. */
const DEFAULT_SPACING_MS = 5;

export interface GateTicket {
  /** Gives the place back, or leaves the queue. May be called more than once. */
  leave(): void;
}

interface Entry {
  readonly go: () => void;
  state: 'queued' | 'inside' | 'left';
}

/** Lets sources connect a few at a time, so that a thousand cameras do not start in the same instant. First come, first served. */
export class StartGate {
  private queue: Entry[] = [];
  private inside = 0;
  private timer: Timer | undefined;
  /** Monotonic time before which nobody else may start. */
  private openAtMs = 0;

  constructor(
    private readonly clock: Clock,
    private readonly options: {
      readonly concurrent?: number | (() => number);
      readonly spacingMs?: number;
    } = {},
  ) {}

  /** Calls `go` when it is this one's turn: before returning if the gate is free. The place is held until `leave`. */
  enter(go: () => void): GateTicket {
    const entry: Entry = { go, state: 'queued' };
    this.queue.push(entry);
    this.admit();
    return { leave: () => this.leave(entry) };
  }

  private get concurrent(): number {
    const { concurrent = DEFAULT_CONCURRENT } = this.options;
    return typeof concurrent === 'number' ? concurrent : concurrent();
  }

  private leave(entry: Entry): void {
    if (entry.state === 'queued') this.queue = this.queue.filter((other) => other !== entry);
    else if (entry.state === 'inside') this.inside -= 1;
    entry.state = 'left';
    this.admit();
  }

  private admit(): void {
    if (this.timer !== undefined || this.inside >= this.concurrent) return;
    const waitMs = this.openAtMs - this.clock.monotonicMs();
    if (waitMs > 0) {
      if (this.queue.length > 0) this.wait(waitMs);
      return;
    }
    const entry = this.queue.shift();
    if (entry === undefined) return;
    entry.state = 'inside';
    this.inside += 1;
    this.openAtMs = this.clock.monotonicMs() + (this.options.spacingMs ?? DEFAULT_SPACING_MS);
    entry.go();
    this.admit();
  }

  private wait(waitMs: number): void {
    this.timer = this.clock.setTimer(waitMs, () => {
      this.timer = undefined;
      this.admit();
    });
  }
}
