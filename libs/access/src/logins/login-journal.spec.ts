import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { LoginJournal } from './login-journal.js';
import type { LoginRecord } from './login-record.js';

const HOUR_MS = 3_600_000;

describe('what processes tell each other of logins', () => {
  let folder: string;
  let clock: ManualClock;
  let journals: LoginJournal[];
  let problems: unknown[];
  beforeEach(async () => {
    folder = path.join(await mkdtemp(path.join(tmpdir(), 'logins-')), 'logins');
    clock = new ManualClock(Date.UTC(2026, 0, 1, 12));
    journals = [];
    problems = [];
  });
  afterEach(async () => {
    await Promise.all(journals.map((journal) => journal.stop()));
    await rm(path.dirname(folder), { recursive: true });
  });

  async function join(): Promise<{ journal: LoginJournal; heard: LoginRecord[] }> {
    const heard: LoginRecord[] = [];
    const journal = new LoginJournal({
      folder,
      clock,
      heard: (record) => heard.push(record),
      failed: (error) => problems.push(error),
    });
    journals.push(journal);
    await journal.start();
    return { journal, heard };
  }

  const failure = (client = '10.0.0.1'): LoginRecord => ({
    kind: 'failed',
    atMs: clock.wallMs(),
    client,
    user: '0123456789abcdef',
  });
  const plain = (records: LoginRecord[]) =>
    records.map(({ kind, atMs, client, user }) => ({ kind, atMs, client, user }));

  /** Writes what waits, then has everybody look. */
  async function settle(): Promise<void> {
    for (let round = 0; round < 2; round++) {
      clock.advance(1_000);
      await Promise.all(journals.map((journal) => journal.settled()));
    }
  }

  it('reaches the others within a second, and not the one who said it', async () => {
    const [one, two] = [await join(), await join()];
    const said = failure();
    one.journal.append(said);
    await one.journal.settled();
    await settle();
    expect(plain(two.heard)).toEqual([said]);
    expect(one.heard).toEqual([]);
  });

  it('is known to a process that starts anew', async () => {
    const one = await join();
    const said = failure();
    one.journal.append(said);
    await one.journal.stop();
    clock.advance(2 * HOUR_MS);
    expect(plain((await join()).heard)).toEqual([said]);
  });

  it('waits for the rest of a line, and skips what is none', async () => {
    const one = await join();
    const file = path.join(folder, `logins-${Math.floor(clock.wallMs() / HOUR_MS)}`);
    await writeFile(file, `rubbish\n${'x'.repeat(500)}\n0123abcd f ${clock.wallMs()} 10.0`);
    await settle();
    expect(one.heard).toEqual([]);
    await appendFile(file, '.0.1 0123456789abcdef\n');
    await settle();
    expect(plain(one.heard)).toEqual([{ ...failure(), atMs: expect.any(Number) }]);
  });

  it('holds neither user names nor, after a day, anything', async () => {
    const one = await join();
    one.journal.append(failure());
    await one.journal.settled();
    const [file = ''] = await readdir(folder);
    expect(await readFile(path.join(folder, file), 'utf8')).toMatch(
      /^[0-9a-f]{8} f \d+ 10\.0\.0\.1 [0-9a-f]{16}\n$/,
    );
    clock.advance(26 * HOUR_MS);
    await settle();
    expect(await readdir(folder)).toEqual([]);
  });

  it('does not grow without bound', async () => {
    const one = await join();
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < 1_500; i++) one.journal.append(failure());
      await one.journal.settled();
    }
    const [file = ''] = await readdir(folder);
    expect((await readFile(path.join(folder, file))).length).toBeLessThanOrEqual(1024 * 1024);
  });

  it('tells once when it cannot be kept, and goes on', async () => {
    await writeFile(folder, 'a file, not a folder');
    const one = await join();
    one.journal.append(failure());
    await settle();
    expect(problems).toHaveLength(1);
  });
});
