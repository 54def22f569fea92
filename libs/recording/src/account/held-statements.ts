import type { AccountRecord } from './account-record.js';
import { startOf, statementKey } from '../journal/statement.js';

/** What an account says of time behind footage that is not on the disk yet: said once it is, so that a crash leaves no hole. */
export class HeldStatements {
  private readonly held = new Map<string, AccountRecord>();

  /** Keeps a statement; a later one of the same span takes its place. */
  add(record: AccountRecord): void {
    this.held.set(statementKey(record), record);
  }

  /** Takes out, in order, what may be said now. @param may by the time it begins */
  take(may: (startMs: number) => boolean): AccountRecord[] {
    const ready = [...this.held].filter(([, record]) => may(startOf(record)));
    for (const [key] of ready) this.held.delete(key);
    return ready.map(([, record]) => record);
  }
}
