import { mkdtemp, readdir, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Catalog, checkVolume, runMigrations } from '@nightjar/catalog';
import { ManualClock } from '@nightjar/common';
import { createRecorder, Journal, Volume, WallClock } from '@nightjar/recording';
import { backupCommand, restoreCommand } from '../../apps/cli/src/commands/backup.js';
import { fsckCommand, rebuildCommand } from '../../apps/cli/src/commands/fsck.js';
import { volumeCommand } from '../../apps/cli/src/commands/volume.js';
import { startPostgres } from '../support/postgres.js';
import type { TestPostgres } from '../support/postgres.js';
import { CountingMetrics, silentLog, TestCamera, videoClip } from './recording-media.js';

const START_MS = Date.UTC(2024, 4, 1, 12, 59, 56, 800);
const LOOP_MS = 4_000;

let postgres: TestPostgres;
let databases = 0;
let database: string;
let directory: string;
let configFile: string;
let volume: Volume;
let lines: string[];

beforeAll(async () => {
  postgres = await startPostgres();
  directory = await mkdtemp(join(tmpdir(), 'nightjar-fsck-'));
}, 30_000);
afterAll(async () => {
  await postgres.remove();
  await rm(directory, { recursive: true });
});

/** A new volume with three real segments of one run, and an empty database. */
beforeEach(async () => {
  const root = await mkdtemp(join(directory, 'volume-'));
  const clock = new ManualClock(START_MS);
  volume = await Volume.open('main', root, { adopt: 'empty' });
  const journal = await Journal.open(volume.journalDirectory, clock);
  const recorder = createRecorder({
    camera: 'front',
    stream: 'main',
    chooseVolume: () => ({ volume, journal }),
    clock: new WallClock(clock),
    settings: { segmentMs: 4_000, fragmentMs: 1_000, sync: 'none', queueBytes: 16 * 1024 * 1024 },
    log: silentLog,
    metricsSink: new CountingMetrics(),
  });
  const camera = new TestCamera(
    clock,
    [videoClip(directory, { codec: 'h264', seconds: 4, fps: 5, gop: 5, size: '64x64' })],
    LOOP_MS,
  );
  recorder.tracks(camera.tracks);
  await camera.play(recorder, 10_000, 100);
  await recorder.stop();
  await journal.close();

  const name = `fsck_${++databases}`;
  database = name;
  const url = await postgres.createDatabase(name);
  process.env['NIGHTJAR_DATABASE_URL'] = url;
  await runMigrations(url);
  configFile = join(directory, `${name}.yaml`);
  await writeFile(
    configFile,
    `{ version: 1, volumes: { main: { path: "${root}" } }, cameras: { front: { streams: { main: { url: "rtsp://127.0.0.1/1" } } } } }`,
  );
  lines = [];
}, 30_000);

async function fsck(repair: boolean): Promise<number> {
  lines = [];
  const args = ['--config', configFile, '--volume', 'main', ...(repair ? ['--repair'] : [])];
  return fsckCommand.run(args, {
    // How fast it was differs.
    out: (line) => lines.push(line.replace(/ \(\d+ files\/s\)$/, '')),
    err: (line) => lines.push(line),
  });
}

const rows = () =>
  postgres.query<{ path: string }>(
    `SELECT path, sequence, bytes, keyframes, hash, codecs, end_at, state FROM segment ORDER BY sequence`,
    database,
  );

async function forgetJournal(): Promise<void> {
  for (const file of await readdir(volume.journalDirectory))
    await rm(join(volume.journalDirectory, file));
}

describe('nightjar fsck', () => {
  it('finds nothing where the journal has all the news', async () => {
    expect([await fsck(false), lines]).toEqual([0, ['main: 3 files, 0 findings, 0 repaired']]);
    expect(await rows()).toHaveLength(3);
  });

  it('rebuilds the same rows from the files alone', async () => {
    await fsck(false);
    const fromJournal = await rows();
    await postgres.query('TRUNCATE segment, run, stream, camera, volume CASCADE', database);
    await forgetJournal();

    expect(await fsck(false)).toBe(1);
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^main: file-without-row: front\/main\/.*_000000\.mp4 \(\d+ bytes\)$/);
    expect(await rows()).toEqual([]);
    expect(await fsck(true)).toBe(0);
    expect(lines.at(-1)).toBe('main: 3 files, 3 findings, 3 repaired');
    expect(await rows()).toEqual(fromJournal);
    expect([await fsck(false), lines]).toEqual([0, ['main: 3 files, 0 findings, 0 repaired']]);
  });

  it('rebuild finds what was recorded after the backup that was restored, and left the journal since', async () => {
    const quiet = { out: () => undefined, err: () => undefined };
    const folder = join(directory, `${database}-backup`);
    expect(await backupCommand.run([folder, '--config', configFile], quiet)).toBe(0);
    await fsck(false);
    const fromJournal = await rows();
    await forgetJournal();

    const restore = [folder, '--catalog-only', '--force', '--config', configFile];
    expect(await restoreCommand.run(restore, quiet)).toBe(0);
    expect(await rows()).toEqual([]);
    expect(await rebuildCommand.run(['--config', configFile, '--volume', 'main'], quiet)).toBe(0);
    expect(await rows()).toEqual(fromJournal);
  });

  it('tells of lost, changed, cut and foreign files, and mends what only the catalog has wrong', async () => {
    await fsck(false);
    const [first, second, third] = (await rows()).map(({ path }) => path) as [
      string,
      string,
      string,
    ];
    await rm(volume.resolve(first));
    await postgres.query(`UPDATE segment SET bytes = 1 WHERE path = '${second}'`, database);
    await truncate(volume.resolve(third), (await stat(volume.resolve(third))).size - 10);
    await writeFile(join(volume.root, 'front', 'holiday.mp4'), 'not ours');

    expect(await fsck(true)).toBe(1);
    expect(lines).toHaveLength(5);
    expect(lines).toEqual(
      expect.arrayContaining([
        'main: damaged: front/holiday.mp4 (not the path of a segment)',
        `main: row-differs: ${second} (row says 1 bytes, file has ${(await stat(volume.resolve(second))).size}), repaired`,
        expect.stringMatching(`^main: row-without-file: ${first} .*, repaired$`),
        expect.stringMatching(`^main: unclosed: ${third}`),
        'main: 3 files, 4 findings, 2 repaired',
      ]),
    );
    expect(await postgres.query('SELECT path, rule FROM deletion', database)).toEqual([
      { path: first, rule: 'missing' },
    ]);
  });

  it('leaves to retention what it deletes meanwhile', async () => {
    await fsck(false);
    const catalog = new Catalog(process.env['NIGHTJAR_DATABASE_URL']!, {
      unavailable: () => undefined,
    });
    await catalog.connect();
    try {
      const result = await checkVolume(catalog, {
        volumeId: volume.id,
        scan: (async function* () {})(),
        exists: async (path) => {
          await postgres.query(
            `UPDATE segment SET state = 'deleting', delete_rule = 'maxAge' WHERE path = '${path}'`,
            database,
          );
          return false;
        },
        untilMs: Infinity,
        thorough: false,
        repair: 'all',
        report: () => undefined,
      });
      expect(result).toEqual({ files: 0, findings: 0, left: 0 });
      expect(await rows()).toHaveLength(3);
      expect(await postgres.query('SELECT path FROM deletion', database)).toEqual([]);
    } finally {
      await catalog.close();
    }
  });

  it('does not take a volume that is not there for one that lost its files', async () => {
    await fsck(false);
    await rm(join(volume.root, '.nightjar', 'volume.json'));
    await rm(join(volume.root, 'front'), { recursive: true });
    await expect(fsck(true)).rejects.toMatchObject({ code: 'cli/no-volume' });
    expect(await rows()).toHaveLength(3);
  });

  it('says what to do when it cannot find the database', async () => {
    delete process.env['NIGHTJAR_DATABASE_URL'];
    await expect(fsck(false)).rejects.toMatchObject({ code: 'postgres/not-running' });
  });
});

describe('nightjar volume forget', () => {
  const forget = (...args: string[]): Promise<number> =>
    volumeCommand.run(['forget', ...args, '--config', configFile], {
      out: (line) => lines.push(line),
      err: (line) => lines.push(line),
    });

  it('notes that the footage of a disk is gone, which is no volume any more', async () => {
    await fsck(false);
    await expect(forget(volume.id)).rejects.toMatchObject({ code: 'cli/volume-in-use' });
    await rename(volume.root, `${volume.root}-broken`);
    const other = await Volume.open('main', volume.root, { adopt: 'empty' });
    lines = [];
    expect(await forget()).toBe(0);
    expect(lines).toEqual([
      expect.stringMatching(/^DISK +WAS +FOOTAGE +PATH$/),
      expect.stringMatching(`^${volume.id} +main +0\\.0 GB +${volume.root}$`),
    ]);
    await expect(forget(other.id)).rejects.toMatchObject({ code: 'cli/volume-in-use' });
    await expect(forget('nothing')).rejects.toMatchObject({ code: 'cli/unknown-disk' });
    lines = [];
    expect([await forget(volume.id), lines]).toEqual([
      0,
      [`3 segments on ${volume.id} are noted as gone`],
    ]);
    expect(await rows()).toEqual([]);
    expect(await postgres.query('SELECT DISTINCT rule FROM deletion', database)).toEqual([
      { rule: 'missing' },
    ]);
    await expect(forget(volume.id)).rejects.toMatchObject({ code: 'cli/unknown-disk' });

    // It came back after all.
    await rename(volume.root, `${volume.root}-other`);
    await rename(`${volume.root}-broken`, volume.root);
    expect(await fsck(true)).toBe(0);
    expect(await rows()).toHaveLength(3);
  });
});
