import type { Catalog } from '@nightjar/catalog';
import { NightjarError, type Clock, type Timer } from '@nightjar/common';
import type { Logger } from '@nightjar/monitoring';

export const KEEPING_INTERVAL_MS = 600_000;
const FIRST_MS = 10_000;
/** Rows removed at once. */
const PAGE = 5_000;

/** Keeps the rows of events in order: ends those whose end was lost, forgets the old ones that have no footage. */
export class EventKeeping {
  private timer: Timer | undefined;
  private working: Promise<void> = Promise.resolve();

  constructor(
    private readonly events: Pick<Catalog['events'], 'endLost' | 'forget'>,
    private readonly maxAgeMs: number,
    private readonly clock: Clock,
    private readonly log: Pick<Logger, 'info' | 'error'>,
  ) {}

  start(): void {
    this.next(FIRST_MS);
  }

  async stop(): Promise<void> {
    this.timer?.cancel();
    await this.working;
  }

  /** Once; may be repeated at any time, also by several processes. */
  async keep(): Promise<void> {
    const nowMs = this.clock.wallMs();
    const lost = await this.events.endLost(nowMs);
    if (lost > 0) this.log.info({ events: lost }, 'events that nobody ended were ended');
    let forgotten: number;
    do forgotten = await this.events.forget(nowMs - this.maxAgeMs, PAGE);
    while (forgotten === PAGE);
  }

  private next(delayMs: number): void {
    this.timer = this.clock.setTimer(delayMs, () => {
      this.working = this.keep().catch((error: unknown) => {
        const isAway = error instanceof NightjarError && error.kind === 'unavailable';
        if (!isAway) this.log.error({ err: error }, 'events could not be put in order');
      });
      this.next(KEEPING_INTERVAL_MS);
    });
  }
}
