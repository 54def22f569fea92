import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '@nightjar/common';
import type { Catalog } from '@nightjar/catalog';
import { Volume } from '@nightjar/recording';
import { rulesOf } from '@nightjar/retention';
import type { HoldView, RetentionPlan } from '@nightjar/retention';
import { loadConfig } from '@nightjar/config';
import { holdCommand } from '../../apps/cli/src/commands/hold.js';
import { retentionCommand } from '../../apps/cli/src/commands/retention.js';
import type { Command } from '../../apps/cli/src/command.js';
import { openCatalog, record } from '../support/catalogued.js';
import { forkTs } from '../support/fork-ts.js';
import { HOUR_MS, segmentFacts } from '../support/footage.js';
import { freePort } from '../support/free-port.js';
import { startPostgres } from '../support/postgres.js';
import type { TestPostgres } from '../support/postgres.js';
import { sweepMain } from '../support/sweeping.js';
import { createTestVolume } from '../support/test-volume.js';
import type { TestVolume } from '../support/test-volume.js';

/** Retention as it is seen and told from outside: the API and the shell. */

const DAY_MS = 24 * HOUR_MS;
const HOURS = 96;
const START_MS = Date.now() - HOURS * HOUR_MS;
const iso = (ms: number): string => new Date(ms).toISOString();
const segments = Array.from({ length: HOURS }, (_, n) =>
  segmentFacts('aaaaaaaaaaaa', n, {
    startMs: START_MS + n * HOUR_MS,
    endMs: START_MS + (n + 1) * HOUR_MS,
    bytes: 1_000,
  }),
);

let postgres: TestPostgres;
let volume: TestVolume;
let catalog: Catalog;
let directory: string;
let configFile: string;
let control: ChildProcess;
let base: string;

beforeAll(async () => {
  postgres = await startPostgres();
  volume = await createTestVolume();
  catalog = await openCatalog(postgres.url, volume);
  await record(catalog, volume, segments);
  directory = await mkdtemp(join(tmpdir(), 'nightjar-retention-'));
  const port = await freePort();
  base = `http://127.0.0.1:${port}/api/v1`;
  configFile = join(directory, 'nightjar.yaml');
  await writeFile(
    configFile,
    `version: 1
http: { host: 127.0.0.1, port: ${port} }
volumes: { main: { path: "${volume.root}", minFreeBytes: 0B, maxBytes: 1MiB } }
retention: { interval: 1d }
users:
  ann: { passwordFile: ann, role: admin }
  guard: { passwordFile: guard, role: viewer, cameras: [back] }
cameras:
  front: { streams: { main: "rtsp://127.0.0.1/1" }, retention: { maxAge: 47h } }
  back: { streams: { main: "rtsp://127.0.0.1/2" } }
  vault: { streams: { main: "rtsp://127.0.0.1/3" }, retention: { minAge: 3650d } }
`,
  );
  await writeFile(join(directory, 'ann'), 'x');
  await writeFile(join(directory, 'guard'), 'y');
  process.env['NIGHTJAR_DATABASE_URL'] = postgres.url;
  control = forkTs(
    'apps/control/src/main.ts',
    { NIGHTJAR_CONFIG: configFile, NIGHTJAR_DATABASE_URL: postgres.url, NIGHTJAR_SUPERVISED: '1' },
    { silent: true },
  );
  await once(control, 'message');
  for (;;) if ((await call('GET', '/holds', 'ann:x')).status === 200) break;
}, 60_000);
afterAll(async () => {
  delete process.env['NIGHTJAR_DATABASE_URL'];
  control.kill('SIGKILL');
  await catalog.close();
  await postgres.remove();
  await volume.remove();
  await rm(directory, { recursive: true });
});

async function call(
  method: string,
  path: string,
  login: string | undefined,
  body?: object,
): Promise<{ status: number; body: any }> {
  const response = await fetch(base + path, {
    method,
    headers: {
      ...(login !== undefined && { authorization: `Basic ${btoa(login)}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

async function cli(command: Command, ...args: string[]): Promise<{ code: number; out: string }> {
  const lines: string[] = [];
  const code = await command.run([...args, '--config', configFile], {
    out: (line) => lines.push(line),
    err: (line) => lines.push(line),
  });
  return { code, out: lines.join('\n') };
}

async function sweep(): Promise<void> {
  const { config } = await loadConfig(configFile);
  await sweepMain({
    catalog,
    volume: await Volume.open('main', volume.root),
    rules: rulesOf(config),
    clock: systemClock,
    maxShare: 0.25,
  });
}

const hold = {
  camera: 'front',
  start: iso(START_MS + 2 * HOUR_MS),
  end: iso(START_MS + 3 * HOUR_MS),
  reason: 'accident at the gate',
};

describe('the API of retention', () => {
  it.each([
    ['GET', '/retention/plan'],
    ['GET', '/retention/status'],
    ['POST', '/retention/approve'],
    ['GET', '/holds'],
    ['POST', '/holds'],
    ['DELETE', '/holds/1'],
    ['GET', `/cameras/front/deletions?start=${iso(START_MS)}&end=${iso(START_MS + 1)}`],
  ])('is for those who may: %s %s', async (method, path) => {
    const body = path === '/holds' && method === 'POST' ? hold : method === 'POST' ? {} : undefined;
    expect((await call(method, path, undefined, body)).status).toBe(401);
    expect((await call(method, path, 'guard:y', body)).status).toBe(403);
  });

  it('says what would go, and which promises cannot be kept', async () => {
    const { status, body } = await call('GET', '/retention/plan', 'ann:x');
    const plan = body as RetentionPlan;
    expect(status).toBe(200);
    expect(plan.deletions).toEqual([
      expect.objectContaining({
        camera: 'front',
        volume: 'main',
        rule: 'maxAge',
        segments: 49,
        bytes: 49_000,
      }),
    ]);
    expect(plan.volumes).toMatchObject([
      {
        volume: 'main',
        footageBytes: 96_000,
        maxBytes: 2 ** 20,
        missingBytes: 0,
        overcommitted: false,
      },
    ]);
    // 24 kB a day: full in about 40 days, and never with 47 hours.
    const fullInDays = (Date.parse(plan.volumes[0]?.fullAt ?? '') - Date.now()) / DAY_MS;
    expect(fullInDays).toBeGreaterThan(39);
    expect(fullInDays).toBeLessThan(41);
    expect(plan.volumes[0]?.fullAtByRules).toBeNull();
    const front = plan.cameras.find(({ camera }) => camera === 'front');
    expect(front).toMatchObject({ bytes: 96_000, oldest: iso(START_MS), guaranteedDays: null });
    expect(front?.achievedDays).toBeCloseTo(4, 1);
    expect(front?.promisedDays).toBeCloseTo(47 / 24);
    expect(plan.warnings).toEqual([]);
  });

  it('keeps footage and lets it go, and remembers who did', async () => {
    const made = await call('POST', '/holds', 'ann:x', { ...hold, owner: 'police' });
    expect(made).toMatchObject({
      status: 201,
      body: { camera: 'front', stream: null, owner: 'police', createdBy: 'ann', releasedAt: null },
    });
    const { id } = made.body as HoldView;
    const kept = (await call('GET', '/retention/plan', 'ann:x')).body as RetentionPlan;
    expect(kept.deletions).toEqual([expect.objectContaining({ segments: 48 })]);
    expect((await call('GET', '/holds', 'ann:x')).body).toEqual([made.body]);
    expect(await call('DELETE', `/holds/${id}`, 'ann:x')).toMatchObject({
      status: 200,
      body: { id, releasedBy: 'ann' },
    });
    expect((await call('DELETE', `/holds/${id}`, 'ann:x')).status).toBe(409);
    expect((await call('GET', '/holds', 'ann:x')).body).toEqual([]);
    expect((await call('GET', '/holds?all=true', 'ann:x')).body).toMatchObject([{ id }]);
  });

  it.each([
    ['an empty range', { ...hold, end: hold.start }, 400],
    ['no time', { ...hold, end: 'soon' }, 400],
    ['an unknown key', { ...hold, until: hold.end }, 400],
    ['one that has expired', { ...hold, expiresAt: iso(START_MS) }, 400],
    ['no camera of ours', { ...hold, camera: 'attic' }, 404],
    ['no stream of it', { ...hold, stream: 'tiny' }, 404],
  ])('refuses a hold of %s', async (_, body, status) => {
    expect((await call('POST', '/holds', 'ann:x', body)).status).toBe(status);
  });

  it.each([
    ['DELETE', '/holds/99', 404],
    ['DELETE', '/holds/x', 400],
    ['POST', '/retention/approve', 404],
    ['GET', `/cameras/front/deletions?start=${iso(START_MS)}&end=${iso(START_MS)}`, 400],
  ])('%s %s is %d', async (method, path, status) => {
    expect((await call(method, path, 'ann:x', method === 'POST' ? {} : undefined)).status).toBe(
      status,
    );
  });

  it('shows what waits, lets it pass, and tells why footage is gone', async () => {
    await sweep();
    const [waiting] = (await call('GET', '/retention/status', 'ann:x')).body;
    expect(waiting).toMatchObject({
      volume: 'main',
      lastSweep: { outcome: 'share', segments: 0 },
      block: { reason: 'share', segments: 49, share: 0.51, approvedBy: null },
      missingBytes: 0,
      stopped: [],
    });
    expect(await call('POST', '/retention/approve', 'ann:x', { volume: 'main' })).toMatchObject({
      status: 200,
      body: [{ volume: 'main', approvedBy: 'ann' }],
    });
    await sweep();
    const range = `?start=${iso(START_MS)}&end=${iso(START_MS + 2 * HOUR_MS)}`;
    const { body } = await call('GET', `/cameras/front/deletions${range}`, 'ann:x');
    expect(body).toEqual(
      segments.slice(0, 2).map(({ path, startMs, endMs, hash }) => ({
        stream: 'main',
        volume: 'main',
        path,
        start: iso(startMs),
        end: iso(endMs),
        bytes: 1_000,
        rule: 'maxAge',
        deletedAt: expect.any(String),
        detail: {
          maxAgeMs: 47 * HOUR_MS,
          sweep: expect.any(Number),
          decidedAt: expect.any(String),
          approvedBy: 'ann',
        },
        hash,
      })),
    );
  });
});

describe('the shell', () => {
  it('adds, lists and releases holds', async () => {
    const range = ['--from', iso(START_MS + 90 * HOUR_MS), '--to', iso(START_MS + 91 * HOUR_MS)];
    const added = await cli(holdCommand, 'add', 'front', ...range, '--reason', 'theft', '--json');
    const { id } = JSON.parse(added.out) as HoldView;
    expect([added.code, JSON.parse(added.out)]).toMatchObject([
      0,
      { camera: 'front', reason: 'theft' },
    ]);
    expect((await cli(holdCommand, 'list')).out).toContain('theft');
    expect((await cli(holdCommand, 'release', String(id))).out).toContain(`released hold ${id}`);
    await expect(cli(holdCommand, 'release', String(id))).rejects.toMatchObject({
      kind: 'conflict',
    });
    expect((await cli(holdCommand, 'list')).out).toBe('no holds');
    expect(JSON.parse((await cli(holdCommand, 'list', '--all', '--json')).out)).toHaveLength(2);
  });

  it.each([
    [['add', 'front'], 'expected: add CAMERA'],
    [['add', 'front', '--from', 'x', '--to', 'y', '--reason', 'z'], '--from wants a time'],
    [['release', 'x'], '"x" is no number of a hold'],
    [[], 'expected: add CAMERA, list, or release ID'],
  ])('refuses hold %j', async (args, message) => {
    await expect(cli(holdCommand, ...args)).rejects.toThrow(message);
  });

  it('prints the plan for people and for programs', async () => {
    const { code, out } = await cli(retentionCommand, 'plan');
    expect(code).toBe(0);
    expect(out).toMatch(/^volume +state +free/);
    expect(out).toContain('nothing would go now');
    const plan = JSON.parse((await cli(retentionCommand, 'plan', '--json')).out) as RetentionPlan;
    expect(plan.deletions).toEqual([]);
  });

  it('warns of promises beyond the disk', async () => {
    await record(
      catalog,
      volume,
      Array.from({ length: 48 }, (_, n) =>
        segmentFacts('bbbbbbbbbbbb', n, {
          camera: 'vault',
          startMs: Date.now() - (48 - n) * HOUR_MS,
          endMs: Date.now() - (47 - n) * HOUR_MS,
          bytes: 5_000,
        }),
      ),
    );
    const { code, out } = await cli(retentionCommand, 'plan');
    expect(code).toBe(1);
    expect(out).toContain(
      'warning: the guarantees (minAge) of the cameras on volume main take 438 MB at the present rates, and it holds 1.05 MB',
    );
  });

  it('tells what became of an instant', async () => {
    const gone = await cli(retentionCommand, 'why', 'front', iso(START_MS + 1));
    expect(gone.code).toBe(1);
    expect(gone.out).toMatch(/^front\/main: deleted from main at .* by maxAge \(1 kB, /);
    const there = await cli(retentionCommand, 'why', 'front', iso(START_MS + 90.5 * HOUR_MS));
    expect(there).toMatchObject({ code: 0, out: expect.stringContaining('is there, on main') });
    const never = await cli(retentionCommand, 'why', 'front', '2020-01-01T00:00:00Z');
    expect(never.out).toBe('nothing is known of camera front at 2020-01-01T00:00:00.000Z');
  });

  it('shows how retention stands and has nothing to approve', async () => {
    expect((await cli(retentionCommand, 'status')).out).toMatch(/^main: swept at .*, 49 segments/);
    await expect(cli(retentionCommand, 'approve')).rejects.toThrow('no plan waits for an approval');
    await expect(cli(retentionCommand, 'agree')).rejects.toThrow('expected: plan, status');
  });
});
