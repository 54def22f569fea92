import { beforeEach, describe, expect, it } from '@jest/globals';
import type { JournalRecord } from '@nightjar/catalog';
import type { RecordingTarget } from '../volumes/recording-volumes.js';
import { MAX_WAITING, StatementJournal } from './statement-journal.js';
import type { Statement } from './statement.js';

/** The journal of a volume that may refuse. */
class Target {
  readonly written: JournalRecord[] = [];
  refuses = false;
  readonly target = {
    journal: {
      append: (record: JournalRecord): Promise<void> => {
        if (this.refuses) return Promise.reject(new Error('disk full'));
        this.written.push(record);
        return Promise.resolve();
      },
    },
  } as unknown as RecordingTarget;
}

const decided = (id: string): Statement => ({
  type: 'audit',
  id,
  atMs: 1,
  kind: 'denied',
  principal: undefined,
  address: undefined,
  protocol: undefined,
  camera: undefined,
  data: undefined,
});
const ids = ({ written }: Target): unknown[] =>
  written.map((record) => (record.type === 'audit' ? record.id : record.type));

describe('what is told of streams and decisions', () => {
  let open: Target[];
  let dropped: number;
  let complaints: unknown[];
  let journal: StatementJournal;
  beforeEach(() => {
    open = [];
    dropped = 0;
    complaints = [];
    const complain = (...told: unknown[]): void => void complaints.push(told.at(-1));
    journal = new StatementJournal(
      () => open.map(({ target }) => target),
      { info: complain, warn: complain, error: complain },
      () => (dropped += 1),
    );
  });

  it('waits until a journal is open, and is written once, in order', async () => {
    for (const id of ['a', 'b', 'c']) journal.write(decided(id));
    journal.retry();
    const volume = new Target();
    open = [volume];
    journal.retry();
    journal.retry();
    await journal.idle();
    expect([ids(volume), dropped, complaints]).toEqual([['a', 'b', 'c'], 0, []]);
  });

  it('goes to another journal where one refuses, and is said to wait once', async () => {
    const [full, other] = [new Target(), new Target()];
    full.refuses = true;
    open = [full, other];
    for (const id of ['a', 'b']) journal.write(decided(id));
    await journal.idle();
    expect([ids(other), complaints.length]).toEqual([[], 1]);
    journal.retry();
    await journal.idle();
    expect([ids(other), ids(full), dropped]).toEqual([['a', 'b'], [], 0]);
  });

  it('is forgotten beyond a number, the oldest first, and each is counted', async () => {
    for (let i = 0; i < MAX_WAITING + 3; i++) journal.write(decided(String(i)));
    expect([dropped, complaints.length]).toEqual([3, 1]);
    const volume = new Target();
    open = [volume];
    journal.retry();
    await journal.idle();
    expect([ids(volume).length, ids(volume)[0]]).toEqual([MAX_WAITING, '3']);
  });

  it('is tried a last time at the end, and counted if it is lost then', async () => {
    const volume = new Target();
    volume.refuses = true;
    open = [volume];
    for (const id of ['a', 'b']) journal.write(decided(id));
    await journal.idle();
    volume.refuses = false;
    await journal.close();
    expect([ids(volume), dropped]).toEqual([['a', 'b'], 0]);
    volume.refuses = true;
    journal.write(decided('c'));
    await journal.close();
    expect([dropped, complaints.at(-1)]).toEqual([1, expect.stringContaining('lost')]);
  });
});
