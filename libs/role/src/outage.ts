import { messageOf, type Clock } from '@nightjar/common';
import type { Logger } from '@nightjar/monitoring';

/** How often a server that is away is asked whether it is back. */
const ASK_MS = 2_000;
/** One that stays away is mentioned again after so long. */
const REMIND_MS = 60_000;

export interface OutageOptions {
  /** As it stands in a sentence: `the job queue`. */
  readonly server: string;
  /** Rejects while it is away. */
  readonly ask: () => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/** Tells when a server goes, once a minute that it is still away, and when it is back, however often its users complain. */
export class Outage {
  private sinceMs: number | undefined;
  private toldMs = 0;
  private complaints = 0;

  constructor(private readonly options: OutageOptions) {}

  /** A connection to it broke, or could not be made. @param reason holds no credentials */
  complain(reason: string): void {
    this.complaints += 1;
    if (this.sinceMs !== undefined) return;
    const { clock, log, server } = this.options;
    this.sinceMs = this.toldMs = clock.monotonicMs();
    log.warn({ reason }, `${server} is away`);
    this.askLater();
  }

  private askLater(): void {
    const { ask, clock } = this.options;
    clock.setTimer(ASK_MS, () => {
      ask().then(
        () => this.isBack(),
        (error: unknown) => this.isAway(messageOf(error)),
      );
    });
  }

  private isBack(): void {
    const { log, server } = this.options;
    log.info(this.account(), `${server} is back`);
    this.sinceMs = undefined;
    this.complaints = 0;
  }

  private isAway(reason: string): void {
    const { clock, log, server } = this.options;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.toldMs >= REMIND_MS) {
      this.toldMs = nowMs;
      log.warn({ reason, ...this.account() }, `${server} is still away`);
    }
    this.askLater();
  }

  private account(): { awaySeconds: number; complaints: number } {
    const ms = this.options.clock.monotonicMs() - (this.sinceMs ?? 0);
    return { awaySeconds: Math.round(ms / 1000), complaints: this.complaints };
  }
}
