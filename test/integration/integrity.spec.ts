import { mkdtemp, open, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Catalog } from '@nightjar/catalog';
import { ManualClock } from '@nightjar/common';
import { catchUp, checkSegment } from '@nightjar/integrity';
import { createRecorder, Journal, Volume, WallClock, SegmentChain } from '@nightjar/recording';
import type { Command } from '../../apps/cli/src/command.js';
import { checkpointCommand } from '../../apps/cli/src/commands/checkpoint.js';
import { rebuildCommand } from '../../apps/cli/src/commands/fsck.js';
import { verifyCommand } from '../../apps/cli/src/commands/verify.js';
import {
  CatalogReconcile,
  IntegrityCheck,
  integrityProcessors,
  SignCheckpoints,
  VolumeScan,
} from '@nightjar/integrity';
import { loadConfig } from '@nightjar/config';
import { startPostgres } from '../support/postgres.js';
import type { TestPostgres } from '../support/postgres.js';
import { CountingMetrics, silentLog, TestCamera, videoClip } from './recording-media.js';

const START_MS = Date.UTC(2024, 4, 1, 12, 59, 56, 800);
const LOOP_MS = 4_000;
const DAY = '2024-05-01';

let postgres: TestPostgres;
let databases = 0;
let url: string;
let database: string;
let directory: string;
let configFile: string;
let volume: Volume;
let lines: string[];
let catalog: Catalog;

beforeAll(async () => {
  postgres = await startPostgres();
  directory = await mkdtemp(join(tmpdir(), 'nightjar-integrity-'));
}, 30_000);
afterAll(async () => {
  await postgres.remove();
  await rm(directory, { recursive: true });
});

/** Two runs of real segments, one hour apart, recorded by two processes one after the other. */
beforeEach(async () => {
  const root = await mkdtemp(join(directory, 'volume-'));
  volume = await Volume.open('main', root, { adopt: 'any' });
  let previousHash: string | null = null;
  for (const startMs of [START_MS, START_MS + 3_600_000])
    previousHash = await recordRun(startMs, previousHash);

  database = `integrity_${++databases}`;
  url = await postgres.createDatabase(database);
  process.env['NIGHTJAR_DATABASE_URL'] = url;
  configFile = join(directory, `${database}.yaml`);
  await writeFile(
    configFile,
    `{ version: 1, dataDir: "${join(directory, database)}", volumes: { main: { path: "${root}" } }, cameras: { front: { streams: { main: { url: "rtsp://127.0.0.1/1" } } } } }`,
  );
  lines = [];
  catalog = new Catalog(url, { unavailable: () => undefined });
  await catalog.connect();
  await catalog.volumes.register({ id: volume.id, name: 'main', path: root });
  await catchUp(catalog, volume);
}, 60_000);
afterEach(() => catalog.close());

/** @returns hash of the last segment */
async function recordRun(startMs: number, previousHash: string | null): Promise<string> {
  const clock = new ManualClock(startMs);
  const journal = await Journal.open(volume.journalDirectory, clock);
  const recorder = createRecorder({
    camera: 'front',
    stream: 'main',
    chooseVolume: () => ({ volume, journal }),
    chain: new SegmentChain(previousHash),
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
  const journalText = await readFile(join(volume.journalDirectory, '00000000.jsonl'), 'utf8');
  const closed = journalText
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; hash: string })
    .filter(({ type }) => type === 'segment-closed');
  return closed.at(-1)!.hash;
}

async function run(command: Command, ...args: string[]): Promise<number> {
  lines = [];
  const out = (line: string): void => void lines.push(line);
  return command.run([...args, '--config', configFile], { out, err: out });
}

interface Row {
  path: string;
  hash: string;
  previous_hash: string | null;
}
const rows = (): Promise<Row[]> =>
  postgres.query<Row>('SELECT path, hash, previous_hash FROM segment ORDER BY start_at', database);

async function corrupt(path: string, offset: number): Promise<void> {
  const file = await open(volume.resolve(path), 'r+');
  await file.write(Buffer.from([0x5a, 0x5b, 0x5c]), 0, 3, offset);
  await file.close();
}

/** @returns how far the job said it was, in the order in which it said so */
async function work(clock: ManualClock, name: string): Promise<number[]> {
  const reported: number[] = [];
  const { config } = await loadConfig(configFile);
  const processors = integrityProcessors({
    catalog,
    clock,
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
    config: () => config,
    volume: async () => volume,
    software: 'nightjar test',
  });
  const processor = processors.find(({ contract }) => contract.name === name);
  const data = name === SignCheckpoints.name ? {} : { volume: 'main' };
  await processor!.process(data, {
    id: '1',
    attempt: 1,
    signal: new AbortController().signal,
    report: (fraction) => reported.push(fraction),
    parts: () => Promise.reject(new Error('not a flow')),
  });
  return reported;
}

describe('the chain of hashes', () => {
  it('goes through all segments of a stream, from one process to the next', async () => {
    const all = await rows();
    expect(all.length).toBeGreaterThanOrEqual(6);
    expect(all.map((row) => row.previous_hash)).toEqual([
      null,
      ...all.slice(0, -1).map(({ hash }) => hash),
    ]);
  });

  it('is the same when the catalog is rebuilt from the files alone', async () => {
    const before = await rows();
    await postgres.query('TRUNCATE segment, run, stream, camera, volume CASCADE', database);
    await rm(volume.journalDirectory, { recursive: true });
    expect(await run(rebuildCommand, '--json')).toBe(0);
    expect(JSON.parse(lines.join('\n'))).toMatchObject({
      volumes: [{ volume: 'main', files: before.length, findings: before.length, left: 0 }],
    });
    expect(await rows()).toEqual(before);
  });
});

describe('nightjar verify', () => {
  it('finds sound footage sound, with the catalog and without', async () => {
    const count = (await rows()).length;
    expect([await run(verifyCommand), lines]).toEqual([
      0,
      [expect.stringMatching(`^main: ${count} segments, [1-9]\\d+ bytes read, 0 damaged$`)],
    ]);
    expect([await run(verifyCommand, '--offline'), lines]).toEqual([
      0,
      [expect.stringMatching(`^main: ${count} segments, [1-9]\\d+ bytes read, 0 damaged$`)],
    ]);
    expect([await run(verifyCommand, '--camera', 'front'), lines]).toEqual([
      0,
      [expect.stringMatching(`^main: ${count} segments`)],
    ]);
    await expect(run(verifyCommand, '--camera', 'fornt')).rejects.toMatchObject({
      code: 'cli/no-camera',
      message: 'there is no camera fornt, and no footage of one; there are front',
    });
    await expect(run(verifyCommand, '--rate', '5x')).rejects.toThrow('--rate: expected a size');
    expect([await run(verifyCommand, '--from', '2024-05-01T13:30:00Z'), lines]).toEqual([
      0,
      [expect.stringMatching(`^main: ${count / 2} segments`)],
    ]);
  });

  it('tells an altered, a replaced, a cut, a lost and a removed segment apart, and changes none', async () => {
    const [altered, replaced, other, lost, removed, last] = (await rows()).map(({ path }) => path);
    await corrupt(altered!, 2_000);
    await writeFile(volume.resolve(replaced!), await readFile(volume.resolve(other!)));
    await unlink(volume.resolve(lost!));
    await unlink(volume.resolve(removed!));
    await postgres.query(`DELETE FROM segment WHERE path = '${removed}'`, database);
    const before = await stat(volume.resolve(altered!));

    expect(await run(verifyCommand, '--json')).toBe(1);
    const { damage } = JSON.parse(lines.join('\n')) as { damage: { path: string; kind: string }[] };
    expect(damage.map(({ path, kind }) => [path, kind])).toEqual([
      [altered, 'altered'],
      [replaced, 'replaced'],
      [lost, 'missing'],
      [last, 'unlinked'],
    ]);
    expect((await stat(volume.resolve(altered!))).mtimeMs).toBe(before.mtimeMs);
    expect((await catalog.integrity.damage(10)).map(({ kind }) => kind).sort()).toEqual([
      'altered',
      'missing',
      'replaced',
      'unlinked',
    ]);
    expect(await run(verifyCommand, '--offline')).toBe(1);
    expect(lines[0]).toBe(`main: altered: ${altered} (${lines[0]!.split('(')[1]!.slice(0, -1)})`);
  });

  it('forgets damage that was mended, and knows that a deletion is not a break', async () => {
    const [first, second] = (await rows()).map(({ path }) => path);
    await rename(volume.resolve(first!), `${volume.resolve(first!)}.away`);
    expect(await run(verifyCommand)).toBe(1);
    await rename(`${volume.resolve(first!)}.away`, volume.resolve(first!));
    expect(await run(verifyCommand)).toBe(0);
    expect(await catalog.integrity.damage(10)).toEqual([]);

    const [row] = await postgres.query<{ run_id: string; sequence: number }>(
      `SELECT run_id, sequence FROM segment WHERE path = '${second}'`,
      database,
    );
    await postgres.query(
      `UPDATE segment SET state = 'deleting', delete_rule = 'maxAge' WHERE path = '${second}'`,
      database,
    );
    await unlink(volume.resolve(second!));
    await catalog.retention.bury([{ run: row!.run_id, sequence: row!.sequence }]);
    expect(await run(verifyCommand)).toBe(0);
  });

  it('does not take footage that is deleted meanwhile for lost', async () => {
    const [segment] = await catalog.integrity.next(volume.id, undefined, 1);
    const path = segment!.path;
    await postgres.query(
      `UPDATE segment SET state = 'deleting', delete_rule = 'maxAge' WHERE path = '${path}'`,
      database,
    );
    await unlink(volume.resolve(path));
    const checked: string[] = [];
    await checkSegment(
      {
        repository: catalog.integrity,
        volume,
        clock: new ManualClock(),
        spend: async () => undefined,
        checked: (one) => checked.push(one.path),
      },
      segment!,
    );
    expect(checked).toEqual([]);
  });

  it('does not take a disk that is away for one that lost its files', async () => {
    await rm(join(volume.root, '.nightjar', 'volume.json'));
    await expect(run(verifyCommand)).rejects.toMatchObject({ code: 'cli/no-volume' });
    await expect(work(new ManualClock(), IntegrityCheck.name)).rejects.toMatchObject({
      code: 'recording/volume-vanished',
    });
    expect(await catalog.integrity.damage(10)).toEqual([]);
  });
});

describe('the jobs', () => {
  it('check all files once per interval', async () => {
    const clock = new ManualClock();
    const reported = await work(clock, IntegrityCheck.name);
    expect(reported).toEqual(reported.toSorted((a, b) => a - b));
    expect([reported.length, reported.at(-1)]).toEqual([(await rows()).length, 1]);
    const pass = await catalog.integrity.pass(volume.id);
    expect(pass).toMatchObject({ segments: (await rows()).length, finishedAtMs: clock.wallMs() });

    await corrupt((await rows())[0]!.path, 2_000);
    await work(clock, IntegrityCheck.name);
    expect(await catalog.integrity.pass(volume.id)).toEqual(pass);
    clock.advance(31 * 86_400_000);
    await work(clock, IntegrityCheck.name);
    expect(await catalog.integrity.damageCounts(volume.id)).toEqual([
      { kind: 'altered', files: 1 },
    ]);
  });

  it('bring the catalog up to its files without dropping a row', async () => {
    const [lost, unknown] = (await rows()).map(({ path }) => path);
    await unlink(volume.resolve(lost!));
    await postgres.query(`DELETE FROM segment WHERE path = '${unknown}'`, database);
    const clock = new ManualClock();
    const paths = async () => (await rows()).map(({ path }) => path);
    expect((await work(clock, VolumeScan.name)).at(-1)).toBe(1);
    expect(await paths()).not.toContain(unknown);
    await work(clock, CatalogReconcile.name);
    expect((await paths()).slice(0, 2)).toEqual([lost, unknown]);
  });

  it('sign each day, and the archive is compared with what was signed', async () => {
    const clock = new ManualClock(Date.parse(`${DAY}T00:00:00Z`) + 26 * 3_600_000);
    await work(clock, SignCheckpoints.name);
    expect(await run(checkpointCommand, 'list')).toBe(0);
    expect(lines).toEqual([
      expect.stringMatching(
        `^${DAY}  1 streams, ${(await rows()).length} segments, key [0-9a-f]{16}$`,
      ),
    ]);
    const exported = join(directory, `${database}.json`);
    expect(await run(checkpointCommand, 'export', '-o', exported)).toBe(0);
    expect([await run(checkpointCommand, 'verify', exported), lines]).toEqual([
      0,
      ['1 checkpoints, 0 with problems'],
    ]);

    await postgres.query(
      `DELETE FROM segment WHERE path = '${(await rows())[1]!.path}'; DELETE FROM checkpoint`,
      database,
    );
    expect(await run(checkpointCommand, 'verify', exported)).toBe(1);
    expect(lines[0]).toMatch(
      /^2024-05-01: front\/main: \d+ segments were signed, \d+ are known now$/,
    );
    await writeFile(exported, (await readFile(exported, 'utf8')).replace('front', 'fronx'));
    expect(await run(checkpointCommand, 'verify', exported)).toBe(1);
    expect(lines[0]).toMatch(/the signature does not fit/);
    expect(
      (await stat(join(directory, database, 'secrets', 'checkpoint-key.pem'))).mode & 0o777,
    ).toBe(0o600);
  });
});
