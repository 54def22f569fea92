import type { JournalRecord } from '@nightjar/catalog';
import type { AccountEnd, AccountRecord } from './account-record.js';
import { BACKWARD_STEP_MS } from '../time/wall-clock.js';

type Statement = AccountRecord | Extract<JournalRecord, { type: 'run-ended' }>;

/** Up to where a journal accounts for each stream: by what was said last of it, its runs that are over included. */
export class AccountEnds {
  private readonly last = new Map<string, Statement>();

  apply(record: JournalRecord): void {
    if (!isStatement(record)) return;
    const key = `${record.camera}/${record.stream}`;
    const before = this.last.get(key);
    const reachedMs = before === undefined ? -Infinity : endOf(before);
    // A gap inside a run is told after it; but what lies far ahead was said before our clock was set back.
    if (endOf(record) >= reachedMs || reachedMs - endOf(record) > BACKWARD_STEP_MS)
      this.last.set(key, record);
  }

  get all(): AccountEnd[] {
    return [...this.last.values()].map((record) => ({
      camera: record.camera,
      stream: record.stream,
      endMs: endOf(record),
      inOrder: isEnd(record),
      withdrawn: record.type === 'withdrawn',
      unwanted: record.type === 'unwanted' ? record.reason : undefined,
    }));
  }

  /** The records from which the same can be learned. */
  carryOver(): Statement[] {
    return [...this.last.values()];
  }
}

function isStatement(record: JournalRecord): record is Statement {
  return (
    record.type === 'gap' ||
    record.type === 'unwanted' ||
    record.type === 'declared' ||
    record.type === 'withdrawn' ||
    record.type === 'run-ended'
  );
}

function endOf(record: Statement): number {
  switch (record.type) {
    case 'gap':
    case 'unwanted':
      return record.endMs;
    case 'run-ended':
      return record.endedAtMs;
    case 'declared':
    case 'withdrawn':
      return record.atMs;
  }
}

/** Whether something was ended by it; nothing after it means that the process ended then. */
function isEnd(record: Statement): boolean {
  switch (record.type) {
    case 'gap':
    case 'unwanted':
      return record.running !== true;
    case 'run-ended':
      return record.reason !== 'crash';
    case 'declared':
      return false;
    case 'withdrawn':
      return true;
  }
}
