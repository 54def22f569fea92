import { spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Catalog, type ExportOrder, type ExportRow } from '@nightjar/catalog';
import { ManualClock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import {
  ExpireExports,
  ExportFilm,
  exportProcessors,
  MakeExport,
  partsOf,
} from '@nightjar/playback';
import { forkTs } from '../support/fork-ts.js';
import { jobContext } from '../support/job-context.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { videoClip } from './recording-media.js';
import { RecordedFootage, START_MS } from './recorded-footage.js';

const DAY_MS = 86_400_000;
const ORDER: ExportOrder = {
  streams: [
    { camera: 'front', stream: 'main' },
    { camera: 'yard', stream: 'main' },
  ],
  startMs: START_MS,
  endMs: START_MS + 60_000,
  zip: false,
};

let postgres: TestPostgres;
let catalog: Catalog;
let folder: string;
let recorded: RecordedFootage;
let clock: ManualClock;
let directory: string;
let maxBytes: number;

beforeAll(async () => {
  postgres = await startPostgres();
  catalog = new Catalog(postgres.url, { unavailable: () => undefined });
  await catalog.connect();
  folder = mkdtempSync(join(tmpdir(), 'nightjar-exports-'));
  const clip = videoClip(folder, { codec: 'h264', seconds: 8, fps: 25, gop: 50 });
  recorded = await RecordedFootage.create();
  await recorded.record([clip], 15_000);
  recorded.pause(20_000);
  await recorded.record([clip], 8_000);
}, 120_000);
afterAll(async () => {
  await recorded.close();
  await catalog.close();
  await postgres.remove();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  clock = new ManualClock(START_MS + 3_600_000);
  directory = mkdtempSync(join(folder, 'exports-'));
  maxBytes = 1e12;
});
afterEach(async () => {
  for (const { id } of await catalog.exports.list(100)) await catalog.exports.remove(id);
});

function config(): NightjarConfig {
  const volumes = { main: { path: recorded.volume.root } };
  const exports = { directory, maxBytes, maxAgeMs: DAY_MS };
  return { volumes, exports } as unknown as NightjarConfig;
}

async function order(changes: Partial<ExportOrder> = {}): Promise<string> {
  const id = randomUUID();
  const createdMs = clock.wallMs();
  const row = { id, createdMs, createdBy: 'ann', order: { ...ORDER, ...changes } };
  await catalog.exports.create({ ...row, expiresMs: createdMs + DAY_MS });
  return id;
}

async function run(name: string, data: unknown): Promise<void> {
  const processors = exportProcessors({ catalog, clock, config, software: 'nightjar 1.2.3' });
  const processor = processors.find(({ contract }) => contract.name === name);
  await processor!.process(data, jobContext());
}

/** As the flow does: the films, then the whole. */
async function make(id: string): Promise<void> {
  for (const part of partsOf((await row(id)).order).keys())
    await run(ExportFilm.name, { id, part });
  await run(MakeExport.name, { id });
}

async function row(id: string): Promise<ExportRow> {
  return (await catalog.exports.get(id))!;
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const contents = (id: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(join(directory, id)).map((name) => [
      name,
      sha256(readFileSync(join(directory, id, name))),
    ]),
  );

describe('an export', () => {
  it('has a film, and a manifest that says what it is made of', async () => {
    const id = await order();
    await make(id);
    const done = await row(id);
    expect(done).toMatchObject({ state: 'done', progress: 1, reason: undefined });
    expect(contents(id)).toEqual(
      Object.fromEntries(done.files.map((file) => [file.name, file.sha256])),
    );
    const manifest = JSON.parse(readFileSync(join(directory, id, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({
      software: 'nightjar 1.2.3',
      requestedAt: new Date(START_MS + 3_600_000).toISOString(),
    });
    const [front, yard] = manifest.files;
    expect(front.sources).toHaveLength(3 + 1);
    for (const { path, sha256: hash, recorded: state, bytes } of front.sources) {
      const file = readFileSync(recorded.volume.resolve(path));
      expect(hash).toBe(sha256(file.subarray(0, bytes)));
      expect(state).toBe('match');
    }
    // The middle, and the end of the range.
    expect(front.gaps).toHaveLength(2);
    expect(front.gaps[0]).toMatchObject({ reason: 'unknown' });
    expect(yard).toMatchObject({ file: null, sources: [] });
    expect(yard.gaps).toEqual([
      {
        start: new Date(ORDER.startMs).toISOString(),
        end: new Date(ORDER.endMs).toISOString(),
        reason: 'unknown',
      },
    ]);
    const film = join(directory, id, front.file);
    const args = ['-nostdin', '-xerror', '-v', 'error', '-i', film, '-f', 'null', '-'];
    const { stderr } = spawnSync('ffmpeg', args, { encoding: 'utf8' });
    expect(stderr).toBe('');
  }, 60_000);

  it.each([
    'exports.totalBytes:1',
    'timeline.timeline:1',
    'timeline.timeline:2',
    'exports.totalBytes:3',
    'exports.finish:1',
  ])(
    'that is killed at %s shows nothing half done, and is the same when it is made again',
    async (killAt) => {
      const id = await order();
      const env = { DATABASE: postgres.url, VOLUME: recorded.volume.root, EXPORTS: directory };
      const child = forkTs('test/support/export-child.ts', { ...env, ID: id, KILL_AT: killAt });
      expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
      expect(await row(id)).toMatchObject({ state: 'running', files: [] });
      await make(id);
      const whole = await row(id);
      expect(whole.state).toBe('done');
      expect(readdirSync(directory)).toEqual([id]);
      const again = await order();
      await make(again);
      expect((await row(again)).files.filter(({ name }) => name.endsWith('.mp4'))).toEqual(
        whole.files.filter(({ name }) => name.endsWith('.mp4')),
      );
    },
    60_000,
  );

  it('in a zip is stored as it is', async () => {
    const plain = await order();
    await make(plain);
    const film = (await row(plain)).files.find(({ name }) => name.endsWith('.mp4'))!;
    const id = await order({ zip: true });
    await make(id);
    const { files } = await row(id);
    const zip = files.find(({ name }) => name.endsWith('.zip'))!;
    expect(readdirSync(join(directory, id)).toSorted()).toEqual(
      ['manifest.json', zip.name].toSorted(),
    );
    const bytes = readFileSync(join(directory, id, zip.name));
    // The local header of the first entry (APPNOTE 4.3.7): method, sizes of the name and of what follows it.
    expect(bytes.readUInt32LE(0)).toBe(0x04034b50);
    expect(bytes.readUInt16LE(8)).toBe(0);
    const start = 30 + bytes.readUInt16LE(26) + bytes.readUInt16LE(28);
    expect(sha256(bytes.subarray(start, start + film.bytes))).toBe(film.sha256);
    expect(bytes.readUInt32LE(bytes.length - 22)).toBe(0x06054b50);
    const again = await order({ zip: true });
    await make(again);
    expect((await row(again)).files).toEqual(files);
  }, 60_000);

  it('fails with its reason and leaves nothing', async () => {
    const nothing = await order({ startMs: START_MS - DAY_MS, endMs: START_MS - DAY_MS / 2 });
    await make(nothing);
    expect(await row(nothing)).toMatchObject({
      state: 'failed',
      reason: 'nothing is recorded of these cameras in this range',
    });
    maxBytes = 100_000;
    const large = await order();
    await make(large);
    expect(await row(large)).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('exports.maxBytes'),
    });
    expect(readdirSync(directory)).toEqual([]);
  }, 60_000);

  // Only root may mount a small file system.
  const onSmallDisk = process.getuid?.() === 0 ? it : it.skip;
  onSmallDisk(
    'fails when the disk is full, and leaves nothing',
    async () => {
      const disk = join(folder, 'disk');
      mkdirSync(disk, { recursive: true });
      const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
      expect(mounted.status).toBe(0);
      try {
        directory = join(disk, 'exports');
        const id = await order();
        await make(id);
        expect(await row(id)).toMatchObject({
          state: 'failed',
          reason: 'the disk of the exports is full',
        });
        expect(readdirSync(directory)).toEqual([]);
      } finally {
        spawnSync('umount', [disk]);
      }
    },
    60_000,
  );

  it('is forgotten when its time is over, with all that belongs to no export', async () => {
    const id = await order();
    await make(id);
    mkdirSync(join(directory, `${randomUUID()}.part`));
    mkdirSync(join(directory, randomUUID()));
    mkdirSync(join(directory, 'of-somebody-else'));
    await run(ExpireExports.name, {});
    expect(readdirSync(directory).toSorted()).toEqual([id, 'of-somebody-else'].toSorted());
    clock.advance(DAY_MS);
    await run(ExpireExports.name, {});
    expect(readdirSync(directory)).toEqual(['of-somebody-else']);
    expect(await catalog.exports.get(id)).toBeUndefined();
  }, 60_000);

  it('that is deleted while it is made is not made', async () => {
    const id = await order();
    const repository = catalog.exports;
    const finish = repository.finish.bind(repository);
    repository.finish = async (...args) => {
      await repository.remove(id);
      return await finish(...args);
    };
    try {
      await make(id);
    } finally {
      repository.finish = finish;
    }
    expect(readdirSync(directory)).toEqual([]);
  }, 60_000);
});

describe('the table of exports', () => {
  it('goes away with its migration', async () => {
    const { CreateExport } =
      await import('../../libs/catalog/src/migrations/0007-create-export.js');
    const statements: string[] = [];
    const runner = { query: async (sql: string) => void statements.push(sql) };
    await new CreateExport().down(runner as never);
    await postgres.createDatabase('down');
    const { runMigrations } = await import('../../libs/catalog/src/data-source.js');
    await runMigrations(postgres.url.replace(/\/[^/]*$/, '/down'));
    for (const sql of statements) await postgres.query(sql, 'down');
    const left = await postgres.query("SELECT 1 FROM pg_tables WHERE tablename = 'export'", 'down');
    expect(left).toEqual([]);
  }, 60_000);
});
