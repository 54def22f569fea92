import { endOf, statementKey, type Statement } from './statement.js';
import { loggedError } from '../recorder/recorder-options.js';
import type { RecordingLog } from '../ports.js';
import type { RecordingTarget } from '../volumes/recording-volumes.js';

/** Statements that may wait for a journal; of more the oldest are lost: nothing then says why that footage is missing, or what happened. */
export const MAX_WAITING = 20_000;

/**
 * The way of statements to the journals: to any that takes them. While none does they wait here, one per span or event of a stream
 * however often it is told again.
 */
export class StatementJournal {
  private readonly waiting = new Map<string, Statement>();
  private readonly underway = new Set<Promise<void>>();
  private refusedBy: RecordingTarget | undefined;
  private lost = false;

  /** @param open the volumes that are open, preferred first */
  constructor(
    private readonly open: () => readonly RecordingTarget[],
    private readonly log: RecordingLog,
    private readonly dropped: () => void = () => undefined,
  ) {}

  write(record: Statement): void {
    const targets = this.open();
    const target = targets.find((one) => one !== this.refusedBy) ?? targets[0];
    if (target === undefined) {
      this.keep(record);
      return;
    }
    const writing = target.journal
      .append(record)
      .catch((error: unknown) => {
        if (this.refusedBy !== target)
          this.log.warn(
            { err: loggedError(error) },
            'a journal refuses what is told of streams: it waits',
          );
        this.refusedBy = target;
        this.keep(record);
      })
      .finally(() => this.underway.delete(writing));
    this.underway.add(writing);
  }

  /** Tries what waits again; call it now and then, and when a volume was opened. */
  retry(): void {
    if (this.waiting.size === 0 || this.open().length === 0) return;
    const records = [...this.waiting.values()];
    this.waiting.clear();
    for (const record of records) this.write(record);
  }

  /** Resolves when all that was written is durable or waits. */
  async idle(): Promise<void> {
    while (this.underway.size > 0) await Promise.all(this.underway);
  }

  /** Tries a last time; what no journal takes now is lost, and counted. */
  async close(): Promise<void> {
    this.retry();
    await this.idle();
    const statements = this.waiting.size;
    if (statements === 0) return;
    for (let left = statements; left > 0; left--) this.dropped();
    this.waiting.clear();
    this.log.error(
      { statements },
      'no journal took what was told of streams and decisions: it is lost',
    );
  }

  private keep(record: Statement): void {
    const key = statementKey(record);
    const known = this.waiting.get(key);
    if (known !== undefined && endOf(known) > endOf(record)) return;
    this.waiting.delete(key);
    this.waiting.set(key, record);
    if (this.waiting.size <= MAX_WAITING) return;
    const [oldest] = this.waiting.keys();
    this.waiting.delete(oldest ?? key);
    this.dropped();
    if (!this.lost) this.log.error({}, 'too much waits for a journal: the oldest is forgotten');
    this.lost = true;
  }
}
