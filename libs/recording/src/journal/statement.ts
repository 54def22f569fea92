import type { JournalRecord } from '@nightjar/catalog';
import type { AccountRecord } from '../account/account-record.js';

/** What may be written to the journal of any volume: what an account tells, what happens to streams, and what is decided. */
export type Statement =
  AccountRecord | Extract<JournalRecord, { type: 'event' | 'events-over' | 'audit' }>;

/** The same for all statements of one span or event, however often it is told again. */
export function statementKey(record: Statement): string {
  if (record.type === 'audit') return JSON.stringify([record.type, record.id]);
  const { type, camera, stream } = record;
  if (type === 'event') return JSON.stringify([camera, stream, type, record.id]);
  const what = 'reason' in record ? record.reason : '';
  return JSON.stringify([camera, stream, type, startOf(record), what]);
}

export function startOf(record: Statement): number {
  return 'atMs' in record ? record.atMs : record.startMs;
}

export function endOf(record: Statement): number {
  return 'atMs' in record ? record.atMs : (record.endMs ?? record.startMs);
}
