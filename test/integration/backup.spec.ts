import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Catalog, type JournalRecord } from '@nightjar/catalog';
import { runCli } from '../../apps/cli/src/run-cli.js';
import { backupCommand, restoreCommand } from '../../apps/cli/src/commands/backup.js';
import { createCatalogDataSource } from '../../libs/catalog/src/data-source.js';
import { MIGRATIONS } from '../../libs/catalog/src/migrations/index.js';
import { EPOCH_MS, segmentFacts } from '../support/footage.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

const VOLUME = '6f1f1c9e-7a52-4b53-9a0f-0d7a4f6f2a11';
const FRONT = { camera: 'front', stream: 'main' } as const;
const RUN = 'aaaaaaaaaaaa';
const SEGMENTS = 40;
/** A segment in another partition than the others. */
const NEXT_MONTH = 20_000;
const CAMERA_PASSWORD = 'open-sesame';

let postgres: TestPostgres;
let directory: string;
let dataDir: string;
let configFile: string;
let archive: string;
let database: string;
let databases = 0;
let lines: string[];

beforeAll(async () => {
  postgres = await startPostgres();
}, 30_000);
afterAll(() => postgres.remove());

/** An installation with files and a history. */
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nightjar-backup-'));
  dataDir = join(directory, 'data');
  configFile = join(directory, 'etc', 'nightjar.yaml');
  archive = join(directory, 'archive');
  await mkdir(join(dataDir, 'secrets'), { recursive: true });
  await mkdir(join(directory, 'etc'));
  await writeFile(join(directory, 'etc', 'front-password'), CAMERA_PASSWORD, { mode: 0o600 });
  await writeFile(
    configFile,
    `{ version: 1, dataDir: "${dataDir}", cameras: { front: { streams: { main: { url: "rtsp://127.0.0.1/1" } },
       credentials: { username: admin, passwordFile: front-password } } } }`,
  );
  await writeFile(join(dataDir, 'secrets', 'url-key'), 'a key of ours');
  await writeFile(join(dataDir, 'secrets', 'postgres-password'), 'of that database');
  await writeFile(join(dataDir, 'known-volumes.json'), '{}');
  database = await newDatabase();
  await fill();
}, 30_000);

afterEach(() => rm(directory, { recursive: true, force: true }));

async function newDatabase(): Promise<string> {
  const name = `backup_${++databases}`;
  process.env['NIGHTJAR_DATABASE_URL'] = await postgres.createDatabase(name);
  return name;
}

const url = (): string => process.env['NIGHTJAR_DATABASE_URL'] ?? '';

async function withCatalog<Result>(work: (catalog: Catalog) => Promise<Result>): Promise<Result> {
  const catalog = new Catalog(url(), { unavailable: () => undefined });
  try {
    await catalog.connect();
    return await work(catalog);
  } finally {
    await catalog.close();
  }
}

const closed = (n: number): JournalRecord => ({
  type: 'segment-closed',
  volumeId: VOLUME,
  ...segmentFacts(RUN, n),
});

/** Every table has rows: the facts through the feed, and what people and jobs decide as rows of all shapes. */
async function fill(): Promise<void> {
  await withCatalog(async (catalog) => {
    await catalog.volumes.register({ id: VOLUME, name: 'main', path: '/volumes/main' });
    await catalog.feed.apply(
      VOLUME,
      [
        { type: 'declared', ...FRONT, atMs: EPOCH_MS },
        { type: 'run-started', run: RUN, ...FRONT, volumeId: VOLUME, startedAtMs: EPOCH_MS },
        ...Array.from({ length: SEGMENTS }, (_, n) => closed(n)),
        closed(NEXT_MONTH),
      ],
      { file: 1, offset: 100 },
    );
  });
  await postgres.query(
    `INSERT INTO gap SELECT id, '2024-01-31T23:59:59.123456Z', '2024-02-01T00:00:01Z', 'timeout' FROM stream;
     INSERT INTO unwanted SELECT id, '2024-01-01', '2024-01-02', 'off' FROM stream;
     INSERT INTO completeness SELECT id, '2024-01-01', 10, 5, 3, 2, '{"unknown": 2}', true FROM stream;
     INSERT INTO deletion (run_id, sequence, stream_id, volume_id, path, start_at, end_at, bytes, rule, detail)
       SELECT '${RUN}', -1, id, '${VOLUME}', E'a "b"\\\\ \\t\\n,é', '2023-12-31', '2024-01-01', 9007199254740993, 'age', 'null' FROM stream;
     INSERT INTO hold (camera_id, start_at, end_at, owner, reason, created_by, created_at)
       SELECT id, '2024-01-01', 'infinity', 'police', E'case 7\\nsecond line', 'anna', now() FROM camera;
     INSERT INTO event (camera_id, id, type, source, start_at, label, data, change)
       SELECT id, 'e1', 'motion', 'onvif', now(), NULL, 'null', nextval('event_change') FROM camera;
     INSERT INTO recording_override (camera_id, action, set_by, set_at) SELECT id, 'record', 'anna', now() FROM camera;
     INSERT INTO retention_sweep (volume_id, started_at) VALUES ('${VOLUME}', now());
     INSERT INTO retention_block (volume_id, reason, message, created_at, trusted_at, segments, bytes, footage_bytes, plan, rules)
       VALUES ('${VOLUME}', 'share', '', now(), now(), 1, 2, 3, '[]', '{"a": [null, 1.10]}');
     INSERT INTO integrity_pass (volume_id, started_at) VALUES ('${VOLUME}', now());
     INSERT INTO damage (volume_id, path, kind, stream_id, start_at, end_at, detail) SELECT '${VOLUME}', 'p', 'hash', id, now(), now(), 'd' FROM stream;
     INSERT INTO checkpoint (day, payload, signature, key_id) VALUES ('2024-01-01', '{}', 's', 'k');
     INSERT INTO export (id, created_at, request, progress, expires_at) VALUES ('${VOLUME}', now(), '{}', 0.1, now());
     INSERT INTO device (endpoint, addresses, service_urls, scopes, clock_offset_ms, first_seen, last_seen)
       VALUES ('urn:uuid:1', '[]', '{}', '[]', -0.30000000000000004, now(), now());
     INSERT INTO audit (id, at, kind, data) VALUES ('1', now(), 'denied', NULL)`,
    database,
  );
}

/** Every row of every table, as PostgreSQL prints it. */
async function content(of: string): Promise<Record<string, string[]>> {
  const tables = await postgres.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
       AND relname <> 'catalog_migration' ORDER BY 1`,
    of,
  );
  const all: Record<string, string[]> = {};
  for (const { name } of tables) {
    const rows = await postgres.query<{ row: string }>(
      `SELECT t::text AS row FROM ${name} t ORDER BY 1`,
      of,
    );
    all[name] = rows.map(({ row }) => row);
  }
  return all;
}

async function cli(...args: string[]): Promise<number> {
  lines = [];
  const keep = (line: string): number => lines.push(line);
  return runCli(args, [backupCommand, restoreCommand], '0', { out: keep, err: keep });
}

const text = (): string => lines.join('\n');

async function everythingIn(folder: string): Promise<string> {
  const parts = await readdir(folder);
  return (await Promise.all(parts.map((part) => readFile(join(folder, part), 'latin1')))).join('');
}

describe('the restore drill', () => {
  it('brings catalog and files back after both were lost, and recording goes on', async () => {
    const before = await content(database);
    for (const [table, rows] of Object.entries(before))
      expect([table, rows.length > 0]).toEqual([table, true]);
    expect(await cli('backup', archive, '--config', configFile, '--include-secrets')).toBe(0);

    await rm(dataDir, { recursive: true });
    await rm(join(directory, 'etc'), { recursive: true });
    const restored = await newDatabase();
    expect([await cli('restore', archive), text()]).toEqual([
      0,
      expect.stringContaining('nightjar rebuild'),
    ]);

    expect(await content(restored)).toEqual(before);
    expect(await readFile(join(directory, 'etc', 'front-password'), 'utf8')).toBe(CAMERA_PASSWORD);
    expect((await stat(join(directory, 'etc', 'front-password'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(dataDir, 'secrets', 'url-key'), 'utf8')).toBe('a key of ours');
    await expect(stat(join(dataDir, 'secrets', 'postgres-password'))).rejects.toThrow('ENOENT');

    const more = await withCatalog((catalog) =>
      catalog.feed.apply(VOLUME, [closed(SEGMENTS - 1), closed(SEGMENTS)], {
        file: 1,
        offset: 200,
      }),
    );
    expect(more).toEqual({ applied: true, newSegments: 1, rejected: 0 });
    // New rows get numbers that no restored row has.
    await postgres.query(
      `INSERT INTO camera (name) VALUES ('new');
       INSERT INTO event (camera_id, id, type, source, start_at, change) SELECT id, 'e2', 'motion', 'x', now(), nextval('event_change') FROM camera`,
      restored,
    );
  }, 30_000);

  it('is of one instant, while the recorder goes on', async () => {
    let n = SEGMENTS;
    const over = new AbortController();
    const recordOne = async (catalog: Catalog): Promise<void> => {
      await catalog.feed.apply(VOLUME, [closed(n)], { file: 2, offset: n });
      n += 1;
    };
    await withCatalog(recordOne);
    const recording = withCatalog(async (catalog) => {
      while (!over.signal.aborted) await recordOne(catalog);
    });
    expect(await cli('backup', archive, '--config', configFile)).toBe(0);
    over.abort();
    await recording;

    await newDatabase();
    expect(await cli('restore', archive, '--catalog-only', '--config', configFile)).toBe(0);
    const name = `backup_${databases}`;
    const [row] = await postgres.query<{ segments: number; journal_file: number; at: number }>(
      `SELECT count(*)::int AS segments, v.journal_file, v.journal_offset::int AS at FROM segment, volume v GROUP BY v.id`,
      name,
    );
    // The cursor and what is before it, or neither: whatever the instant was.
    const fed = row?.journal_file === 1 ? 0 : (row?.at ?? 0) - SEGMENTS + 1;
    expect(row?.segments).toBe(SEGMENTS + 1 + fed);
    expect(n).toBeGreaterThan(SEGMENTS);
  }, 30_000);

  it('a feed that read before a restore starts again from the cursor of the backup', async () => {
    expect(await cli('backup', archive, '--config', configFile)).toBe(0);
    const from = { file: 1, offset: 200 };
    await withCatalog(async (catalog) => {
      await catalog.feed.apply(VOLUME, [closed(SEGMENTS)], from);
      expect(
        await cli('restore', archive, '--catalog-only', '--force', '--config', configFile),
      ).toBe(0);
      const late = { file: 1, offset: 300 };
      expect(await catalog.feed.apply(VOLUME, [closed(SEGMENTS + 1)], late, from)).toMatchObject({
        applied: false,
      });
      expect(await catalog.feed.cursor(VOLUME)).toEqual({ file: 1, offset: 100 });
    });
  }, 30_000);
});

describe('a backup', () => {
  it('holds no password unless asked to, says which, and never prints one', async () => {
    expect(await cli('backup', archive, '--config', configFile)).toBe(0);
    expect(text()).toContain(join(directory, 'etc', 'front-password'));
    const password = new URL(url()).password;
    for (const secret of [CAMERA_PASSWORD, 'of that database', password]) {
      expect(await everythingIn(archive)).not.toContain(secret);
      expect(text()).not.toContain(secret);
    }
    expect(await cli('backup', `${archive}-2`, '--config', configFile, '--include-secrets')).toBe(
      0,
    );
    expect(await everythingIn(`${archive}-2`)).toContain(CAMERA_PASSWORD);
    expect(await everythingIn(`${archive}-2`)).not.toContain('of that database');
  }, 30_000);

  it('that fails leaves nothing', async () => {
    process.env['NIGHTJAR_DATABASE_URL'] = 'postgres://nightjar:hush@127.0.0.1:1/none';
    expect(await cli('backup', archive, '--config', configFile)).toBe(1);
    expect(text()).not.toContain('hush');
    expect((await readdir(directory)).toSorted()).toEqual(['data', 'etc']);
  });
});

describe('a restore', () => {
  /** As it is in the database and on the disk, to see that nothing of it changes. */
  const state = async (): Promise<unknown> => [
    await content(database),
    await everythingIn(join(directory, 'etc')),
  ];

  beforeEach(async () => {
    expect(await cli('backup', archive, '--config', configFile)).toBe(0);
  });

  it.each([['--force'], ['--force', '--catalog-only']])(
    'refuses while a role works with the database, with %s %s',
    async (...flags) => {
      const before = await state();
      const worker = new Catalog(url(), { unavailable: () => undefined }, 'worker');
      await worker.connect();
      expect(await cli('restore', archive, ...flags, '--config', configFile)).toBe(1);
      expect(text()).toContain('Nightjar works with this database (nightjar-worker at 127.0.0.1)');
      await worker.close();
      expect(await state()).toEqual(before);
      expect(await cli('restore', archive, ...flags, '--config', configFile)).toBe(0);
    },
    30_000,
  );

  it('refuses while an appliance has the data directory, and keeps one from starting meanwhile', async () => {
    const before = await state();
    const lock = join(dataDir, 'run', 'appliance.lock');
    await mkdir(join(dataDir, 'run'));
    await writeFile(lock, JSON.stringify({ pid: process.ppid, started: '' }));
    expect(await cli('restore', archive, '--force', '--config', configFile)).toBe(1);
    expect(text()).toContain(`Nightjar runs with ${dataDir} (process ${process.ppid})`);
    expect(await state()).toEqual(before);
    await rm(lock);
    expect(await cli('restore', archive, '--force', '--config', configFile)).toBe(0);
    await expect(stat(lock)).rejects.toThrow('ENOENT');
  }, 30_000);

  it('refuses a damaged archive before it changes anything', async () => {
    const before = await state();
    await truncate(join(archive, 'catalog-segment.jsonl.gz'), 30);
    expect(await cli('restore', archive, '--force', '--config', configFile)).toBe(1);
    expect(text()).toContain('catalog-segment.jsonl.gz is not as it was written');
    expect(await state()).toEqual(before);
  });

  it('refuses a catalog that holds something, unless told so; then it is that of the backup', async () => {
    const saved = await content(database);
    await withCatalog((catalog) =>
      catalog.feed.apply(VOLUME, [closed(SEGMENTS)], { file: 2, offset: 0 }),
    );
    const before = await state();
    expect(await cli('restore', archive, '--config', configFile)).toBe(1);
    expect(text()).toContain('is not empty');
    expect(await state()).toEqual(before);
    expect(await cli('restore', archive, '--force', '--config', configFile)).toBe(0);
    expect(await content(database)).toEqual(saved);
  }, 30_000);

  it('takes its files back when the catalog is refused', async () => {
    await rm(dataDir, { recursive: true });
    expect(await cli('restore', archive, '--config', configFile)).toBe(1);
    await expect(stat(join(dataDir, 'known-volumes.json'))).rejects.toThrow('ENOENT');
  });

  it('refuses the schema of a later version, in the database and in the archive', async () => {
    const later = `INSERT INTO catalog_migration (timestamp, name) VALUES (9999, 'FromTheFuture0000000009999')`;
    await postgres.query(later, database);
    expect(await cli('restore', archive, '--force', '--config', configFile)).toBe(1);
    expect(text()).toContain('FromTheFuture');
    expect(await cli('backup', `${archive}-2`, '--config', configFile)).toBe(1);
    expect(text()).toContain('the catalog is of a later version of Nightjar');

    const file = join(archive, 'manifest.json');
    const { manifest } = JSON.parse(await readFile(file, 'utf8')) as {
      manifest: { catalog: { migrations: string[] } };
    };
    manifest.catalog.migrations.push('FromTheFuture0000000009999');
    const sha256 = createHash('sha256').update(JSON.stringify(manifest)).digest('hex');
    await writeFile(file, JSON.stringify({ sha256, manifest }));
    const empty = await newDatabase();
    expect(await cli('restore', archive, '--config', configFile)).toBe(1);
    expect(text()).toContain('the backup is of a later version of Nightjar');
    expect(await content(empty)).toEqual({});
  });

  it.each([1, 4, MIGRATIONS.length - 1])(
    'brings the schema of migration %i up to date',
    async (version) => {
      await newDatabase();
      database = `backup_${databases}`;
      await fill();
      const source = await createCatalogDataSource(url(), () => undefined).initialize();
      try {
        for (let left = MIGRATIONS.length; left > version; left -= 1)
          await source.undoLastMigration();
      } finally {
        await source.destroy();
      }
      expect(await cli('backup', `${archive}-old`, '--config', configFile)).toBe(0);
      const upgraded = database;
      await withCatalog((catalog) => catalog.ping());

      const restored = await newDatabase();
      expect(await cli('restore', `${archive}-old`, '--catalog-only', '--config', configFile)).toBe(
        0,
      );
      expect(text()).toContain('its schema was brought up to date');
      expect(await content(restored)).toEqual(await content(upgraded));
    },
    30_000,
  );
});
