import type { Clock, Timer } from '@nightjar/common';
import type { LimitsConfig } from '@nightjar/config';

/** For a server without limits of its own. */
const DEFAULTS: SilentLimits = { silentConnections: 1_024, silentTimeoutMs: 10_000 };

export type SilentLimits = Pick<LimitsConfig, 'silentConnections' | 'silentTimeoutMs'>;

/** Why a connection that asked nothing has to go. */
export type SilentEnd = 'timeout' | 'overload';

interface Waiting {
  readonly untilMs: number;
  readonly end: (how: SilentEnd) => void;
}

/**
 * The connections that have not asked anything yet, whatever is known of them. Who means well says what it wants at once:
 * each has its time, and the one that has been silent longest makes room for a new one.
 */
export class SilentConnections {
  /** The oldest first. */
  private readonly waiting = new Set<Waiting>();
  private timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly limits: () => SilentLimits = () => DEFAULTS,
    private readonly ended: (how: SilentEnd) => void = () => undefined,
  ) {}

  get size(): number {
    return this.waiting.size;
  }

  /**
   * @param end closes the connection; it is not called any more after the result was
   * @returns to be called when it has asked, or is gone
   */
  enter(end: (how: SilentEnd) => void): () => void {
    const { silentConnections, silentTimeoutMs } = this.limits();
    for (const oldest of this.waiting) {
      if (this.waiting.size < silentConnections) break;
      this.end(oldest, 'overload');
    }
    const entry = { untilMs: this.clock.monotonicMs() + silentTimeoutMs, end };
    this.waiting.add(entry);
    this.timer ??= this.clock.setTimer(silentTimeoutMs, () => this.expire());
    return () => void this.waiting.delete(entry);
  }

  private expire(): void {
    const now = this.clock.monotonicMs();
    for (const entry of this.waiting) {
      if (entry.untilMs > now) break;
      this.end(entry, 'timeout');
    }
    const [next] = this.waiting;
    this.timer = next && this.clock.setTimer(next.untilMs - now, () => this.expire());
  }

  private end(entry: Waiting, how: SilentEnd): void {
    this.waiting.delete(entry);
    this.ended(how);
    entry.end(how);
  }
}
