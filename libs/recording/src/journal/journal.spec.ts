import {
  appendFile,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { Journal } from './journal.js';
import type { JournalCursor, JournalRecord } from '@nightjar/catalog';
import { readJournal } from './journal-reader.js';
import type { JournalLine } from './journal-records.js';

const clock = new ManualClock();
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nightjar-journal-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const where = { camera: 'front', stream: 'main' };
const started = (run: string): JournalRecord => ({
  type: 'run-started',
  run,
  ...where,
  volumeId: 'v',
  startedAtMs: 0,
});
const opened = (run: string, n: number): JournalRecord => ({
  type: 'segment-opened',
  path: `${run}/${n}`,
  run,
  sequence: n,
  ...where,
  startMs: n,
});
const closed = (run: string, n: number): JournalRecord => ({
  type: 'segment-closed',
  path: `${run}/${n}`,
  run,
  sequence: n,
  ...where,
  volumeId: 'v',
  startMs: n,
  endMs: n + 1,
  bytes: 1,
  keyframes: 1,
  hash: '',
  recovered: false,
  codecs: [],
});
const gap = (startMs: number): JournalRecord => ({
  type: 'gap',
  ...where,
  startMs,
  endMs: startMs + 1,
  reason: 'test',
});

async function readAll(
  from?: JournalCursor,
  chunkBytes?: number,
): Promise<{ lines: JournalLine[]; cursor: JournalCursor }> {
  const lines: JournalLine[] = [];
  for (let cursor = from; ;) {
    const chunk = await readJournal(directory, cursor, chunkBytes);
    lines.push(...chunk.lines);
    if (
      cursor !== undefined &&
      chunk.cursor.file === cursor.file &&
      chunk.cursor.offset === cursor.offset
    ) {
      return { lines, cursor };
    }
    cursor = chunk.cursor;
  }
}

describe('Journal', () => {
  it('gives back what was written, in order, with rising numbers, in chunks of any size', async () => {
    const journal = await Journal.open(directory, clock);
    await Promise.all(Array.from({ length: 50 }, (_, n) => journal.append(gap(n))));
    for (const chunkBytes of [150, 1000, undefined]) {
      const { lines } = await readAll(undefined, chunkBytes);
      expect(lines.map((line) => line.seq)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
    }
    await journal.close();
  });

  it('goes on after a restart, where a crash tore the last line', async () => {
    const first = await Journal.open(directory, clock);
    await first.append(gap(1));
    await first.append(gap(2));
    await first.close();
    const path = join(directory, '00000000.jsonl');
    const { length } = await readFile(path);
    await truncate(path, length - 5);
    const { cursor } = await readAll();
    const second = await Journal.open(directory, clock);
    await second.append(gap(3));
    expect((await readAll(cursor)).lines).toMatchObject([{ seq: 2, startMs: 3 }]);
    await second.close();
  });

  it('reads a torn last line only when it is whole', async () => {
    const journal = await Journal.open(directory, clock);
    await journal.append(gap(1));
    await journal.close();
    const path = join(directory, '00000000.jsonl');
    const line = `${JSON.stringify({ seq: 2, ...gap(2) })}\n`;
    const { cursor } = await readAll();
    for (const part of [line.slice(0, 10), line.slice(10, -1)]) {
      await appendFile(path, part);
      expect((await readAll(cursor)).lines).toEqual([]);
    }
    await appendFile(path, '\n');
    expect((await readAll(cursor)).lines).toHaveLength(1);
  });

  it('passes over lines that make no sense, and counts them', async () => {
    const path = join(directory, '00000000.jsonl');
    await writeFile(
      path,
      `nonsense\n{"seq":1,"type":"strange"}\n${JSON.stringify({ seq: 2, ...gap(2) })}\n`,
    );
    expect(await readJournal(directory, undefined)).toMatchObject({
      lines: [{ seq: 2 }],
      damaged: 2,
    });
  });

  it('begins every file with what is open', async () => {
    const journal = await Journal.open(directory, clock, 4_000);
    await journal.append(started('a'));
    await journal.append(opened('a', 0));
    await journal.append(closed('a', 0));
    await journal.append(opened('a', 1));
    for (let n = 0; n < 200; n += 1) await journal.append(gap(n));
    await journal.close();
    const files = (await readdir(directory)).sort();
    expect(files.length).toBeGreaterThan(3);
    const newest = (await readFile(join(directory, files.at(-1) ?? ''), 'utf8')).split('\n');
    expect(newest.slice(0, 3).map((line) => (JSON.parse(line) as { type: string }).type)).toEqual([
      'run-started',
      'segment-closed',
      'segment-opened',
    ]);
    const again = await Journal.open(directory, clock);
    expect(again.openSegments.map(({ path }) => path)).toEqual(['a/1']);
    expect(again.openRuns).toMatchObject([{ record: { run: 'a' }, endMs: 1 }]);
    await again.close();
    // What was said last of a stream is said again in the next file.
    const gaps = (await readAll()).lines.flatMap((line) =>
      line.type === 'gap' ? [line.startMs] : [],
    );
    expect([...new Set(gaps)]).toEqual(Array.from({ length: 200 }, (_, n) => n));
    expect(gaps).toHaveLength(200 + files.length - 1);
  });

  it('forgets a run and its segments when the run ends', async () => {
    const journal = await Journal.open(directory, clock);
    for (const record of [started('a'), opened('a', 0), started('b'), opened('b', 0)])
      await journal.append(record);
    await journal.append({
      type: 'run-ended',
      run: 'a',
      ...where,
      endedAtMs: 1,
      reason: 'stopped',
    });
    expect(journal.openSegments.map(({ path }) => path)).toEqual(['b/0']);
    await journal.close();
  });

  it('deletes only files wholly before the cursor', async () => {
    let journal = await Journal.open(directory, clock, 1_000);
    for (let n = 0; n < 50; n += 1) await journal.append(gap(n));
    await journal.close();
    journal = await Journal.open(directory, clock);
    const files = (await readdir(directory)).sort();
    const cursor = { file: 2, offset: 100 };
    await journal.deleteBefore(cursor);
    expect((await readdir(directory)).sort()).toEqual(files.slice(2));
    await journal.deleteBefore({ file: 9_999, offset: 0 });
    expect(await readdir(directory)).toEqual(files.slice(-1));
    expect((await readJournal(directory, cursor)).cursor.file).toBe(files.length - 1);
    await journal.close();
  });

  it('keeps what the disk refuses and writes it later', async () => {
    const journal = await Journal.open(directory, clock);
    await journal.append(gap(1));
    const file = (journal as unknown as { file: { datasync: () => Promise<void> } }).file;
    const { datasync } = file;
    file.datasync = () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
    await expect(journal.append(gap(2))).rejects.toMatchObject({ code: 'ENOSPC' });
    expect((await readAll()).lines).toHaveLength(1);
    file.datasync = datasync;
    await journal.append(gap(3));
    expect((await readAll()).lines).toMatchObject([{ startMs: 1 }, { startMs: 2 }, { startMs: 3 }]);
    await journal.close();
  });

  it('lets go of its file, keeps what comes meanwhile, and writes it when the disk is back', async () => {
    const journal = await Journal.open(directory, clock);
    await journal.append(gap(1));
    await journal.release();
    await rename(directory, `${directory}.away`);
    await expect(journal.append(gap(2))).rejects.toMatchObject({
      code: 'recording/volume-released',
    });
    await expect(journal.reopen()).rejects.toMatchObject({ code: 'ENOENT' });
    await rename(`${directory}.away`, directory);
    // What a power loss may leave of a line that was never confirmed.
    await appendFile(join(directory, '00000000.jsonl'), '{"seq":2,"ty');
    await journal.reopen();
    expect(journal.failing).toBe(false);
    await journal.append(gap(3));
    expect((await readAll()).lines).toMatchObject([{ startMs: 1 }, { startMs: 2 }, { startMs: 3 }]);
    await truncate(join(directory, '00000000.jsonl'), 10);
    await expect(journal.reopen()).rejects.toMatchObject({ code: 'recording/journal-changed' });
    await journal.close();
  });
});
