import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { JournalRecord, SegmentFacts } from '@nightjar/catalog';

/** A volume in a temporary directory, with files of the right names and sizes (but no media in them). */
export interface TestVolume {
  readonly id: string;
  readonly root: string;
  write(segments: readonly SegmentFacts[]): Promise<void>;
  /** Segment files, relative, sorted. */
  files(): Promise<string[]>;
  /** Directories below the root that hold nothing, relative, sorted; without `.nightjar`. */
  emptyDirectories(): Promise<string[]>;
  /** Writes one whole journal file. */
  journal(number: number, records: readonly JournalRecord[]): Promise<void>;
  remove(): Promise<void>;
}

export async function createTestVolume(): Promise<TestVolume> {
  const root = await mkdtemp(join(tmpdir(), 'nightjar-volume-'));
  const id = randomUUID();
  const journal = join(root, '.nightjar', 'journal');
  await mkdir(journal, { recursive: true });
  await writeFile(
    join(root, '.nightjar', 'volume.json'),
    JSON.stringify({ id, createdAt: new Date().toISOString() }),
  );
  let seq = 0;
  const entries = async () =>
    (await readdir(root, { recursive: true, withFileTypes: true }))
      .map((entry) => ({ entry, path: join(entry.parentPath, entry.name).slice(root.length + 1) }))
      .filter(({ path }) => !path.startsWith('.nightjar'));
  return {
    id,
    root,
    async write(segments) {
      for (const { path, bytes } of segments) {
        await mkdir(dirname(join(root, path)), { recursive: true });
        await writeFile(join(root, path), Buffer.alloc(bytes));
      }
    },
    async files() {
      return (await entries())
        .filter(({ entry }) => entry.isFile())
        .map(({ path }) => path)
        .sort();
    },
    async emptyDirectories() {
      const directories = (await entries()).filter(({ entry }) => entry.isDirectory());
      const empty = [];
      for (const { path } of directories)
        if ((await readdir(join(root, path))).length === 0) empty.push(path);
      return empty.sort();
    },
    async journal(number, records) {
      const text = records
        .map((record) => `${JSON.stringify({ ...record, seq: ++seq })}\n`)
        .join('');
      await writeFile(join(journal, `${String(number).padStart(8, '0')}.jsonl`), text);
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}
