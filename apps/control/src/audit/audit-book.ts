import type { AuditNote, AuditTrail } from '@nightjar/access';
import type { AuditTrailRepository } from '@nightjar/catalog';
import { messageOf, type Clock, type Timer } from '@nightjar/common';
import type { Logger } from '@nightjar/monitoring';

/** Notes that wait for the database; of more the newest are lost. */
export const MAX_WAITING = 10_000;
/** Notes are stored together. */
const COLLECT_MS = 500;
const RETRY_MS = 5_000;
const FORGET_INTERVAL_MS = 3_600_000;
const BATCH = 500;

export interface AuditBookOptions {
  readonly trail: AuditTrail;
  readonly repository: Pick<AuditTrailRepository, 'add' | 'forgetBefore'>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
  /** How long notes are kept. */
  readonly maxAgeMs: () => number;
  readonly dropped: () => void;
}

/** Stores what this process notes, and forgets what is old; no request waits for it. */
export class AuditBook {
  private waiting: AuditNote[] = [];
  private timer: Timer | undefined;
  private work: Promise<void> = Promise.resolve();
  private forgetAtMs: number;
  private away = false;
  private stopped = false;

  constructor(private readonly options: AuditBookOptions) {
    this.forgetAtMs = options.clock.monotonicMs();
    options.trail.listen((note) => this.take(note));
  }

  /** Old notes are forgotten from now on. */
  start(): void {
    this.later(COLLECT_MS);
  }

  /** Stores what waits, if the database is there. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    await this.work;
    await this.store();
  }

  private take(note: AuditNote): void {
    if (this.waiting.length >= MAX_WAITING) {
      this.options.dropped();
      return;
    }
    this.waiting.push(note);
    if (this.waiting.length === 1 && !this.away) this.later(COLLECT_MS);
  }

  /** Takes the place of what was to come later. */
  private later(ms: number): void {
    if (this.stopped) return;
    this.timer?.cancel();
    this.timer = this.options.clock.setTimer(ms, () => {
      this.timer = undefined;
      this.work = this.work.then(() => this.store());
    });
  }

  private async store(): Promise<void> {
    const { repository, clock, log, maxAgeMs } = this.options;
    try {
      while (this.waiting.length > 0) {
        const batch = this.waiting.slice(0, BATCH);
        await repository.add(batch);
        this.waiting = this.waiting.slice(batch.length);
      }
      if (clock.monotonicMs() >= this.forgetAtMs) {
        await repository.forgetBefore(clock.wallMs() - maxAgeMs());
        this.forgetAtMs = clock.monotonicMs() + FORGET_INTERVAL_MS;
      }
      this.away = false;
      this.later(FORGET_INTERVAL_MS);
    } catch (error) {
      if (!this.away) log.warn({ reason: messageOf(error) }, 'the audit trail waits');
      this.away = true;
      this.later(RETRY_MS);
    }
  }
}
