import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from '@jest/globals';
import pg from 'pg';
import { MIGRATION_LOCK_KEY } from '../../libs/catalog/src/data-source.js';
import { MIGRATIONS } from '../../libs/catalog/src/migrations/index.js';
import { freePort } from '../support/free-port.js';
import { makeOlderCatalog } from '../support/older-catalog.js';
import { startPostgres } from '../support/postgres.js';
import { Cameras } from './support/cameras.js';
import { eventually, within } from './support/eventually.js';
import { recordedCameraAt } from './support/installation.js';
import { scenario, type Stage } from './support/stage.js';

const ROLES = ['media', 'control', 'worker'] as const;
type Role = (typeof ROLES)[number];
/** Prints what a service says to systemd. */
const SERVICE_MANAGER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True: print(s.recv(4096).decode().replace('\\n', ' '), flush=True)
`;
const FRAME_SECONDS = 0.04;
const LOGIN = { name: 'ann', password: 'watch-all-night' };

scenario(
  'roles that are started one by one do their own duties, and tell of them alone',
  120_000,
  async (stage) => {
    const cameras = await Cameras.start(stage, { yard: 'synthetic', gate: 'synthetic' });
    await cameras.inject('gate', { refuse: true });
    const postgres = await startPostgres();
    stage.defer(() => postgres.remove());
    // An upgrade: the schema is that of the version before, and somebody else is about to change it.
    await makeOlderCatalog(postgres.url, MIGRATIONS.length - 1);
    const migrator = new pg.Client({ connectionString: postgres.url });
    migrator.on('error', () => undefined);
    await migrator.connect();
    await migrator.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK_KEY]);
    const http = await freePort();
    const file = path.join(stage.directory, 'nightjar.yaml');
    await writeFile(path.join(stage.directory, 'database-url'), postgres.url);
    await writeFile(path.join(stage.directory, 'password'), LOGIN.password);
    const declared = {
      version: 1,
      dataDir: 'data',
      rtsp: { host: '127.0.0.1', port: await freePort() },
      http: { host: '127.0.0.1', port: http },
      database: { urlFile: 'database-url' },
      recording: { segment: '2s' },
      users: { [LOGIN.name]: { passwordFile: 'password', role: 'admin' } },
      cameras: {
        yard: recordedCameraAt(cameras.url('yard')),
        gate: recordedCameraAt(cameras.url('gate')),
      },
    };
    await writeFile(file, JSON.stringify(declared));
    const ports = { media: await freePort(), control: await freePort(), worker: await freePort() };
    const socket = path.join(stage.directory, 'notify');
    const manager = spawn('/usr/bin/python3', ['-c', SERVICE_MANAGER, socket]);
    stage.defer(async () => void manager.kill());
    let told = '';
    manager.stdout.on('data', (text: Buffer) => (told += text.toString()));
    await once(manager.stdout, 'data');
    const processes = ROLES.map((role) =>
      stage.start(role, [], {
        NIGHTJAR_CONFIG: file,
        NIGHTJAR_DATA_DIR: '',
        NIGHTJAR_OPERATIONS_PORT: String(ports[role]),
        ...(role === 'media' && { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '2000000' }),
      }),
    );
    const ask = async (role: Role, page: string): Promise<[number, string]> => {
      const response = await fetch(`http://127.0.0.1:${ports[role]}/${page}`);
      return [response.status, await response.text()];
    };
    const reaches = (role: Role, status: number): Promise<unknown> =>
      eventually(
        async () => expect([role, (await ask(role, 'readyz'))[0]]).toEqual([role, status]),
        {
          withinMs: 30_000,
        },
      );

    // The schema is not there yet, then the whole database, and a camera all the time: that is no matter of the media role.
    await reaches('media', 200);
    for (const role of ['control', 'worker'] as const) {
      await eventually(async () => expect((await ask(role, 'readyz'))[1]).toContain('up to date'), {
        withinMs: 30_000,
      });
      await reaches(role, 503);
    }
    const holds = stage.start('cli', ['hold', 'list'], {
      NIGHTJAR_CONFIG: file,
      NIGHTJAR_DATA_DIR: '',
    });
    expect(await holds.exited).toMatchObject({ code: 1 });
    expect(holds.log).toMatch(/earlier version of Nightjar.*nightjar migrate/);
    await postgres.stop();
    await eventually(async () => expect(told).toMatch(/WATCHDOG=1[^]*READY=1 STATUS=serving/), {
      withinMs: 10_000,
    });
    for (const role of ROLES) {
      await eventually(async () => expect((await ask(role, 'startupz'))[0]).toBe(200), {
        withinMs: 10_000,
      });
      expect((await ask(role, 'healthz'))[0]).toBe(200);
      const [, page] = await ask(role, 'metrics');
      const roles = [...page.matchAll(/role="(\w+)"/g)].map(([, named]) => named);
      expect([...new Set(roles)]).toEqual([role]);
    }
    expect((await ask('control', 'metrics'))[1]).toMatch(/^nightjar_database_up\{.*\} 0$/m);

    await postgres.start();
    await reaches('control', 200);
    await reaches('worker', 200);
    const headers = { authorization: `Basic ${btoa(`${LOGIN.name}:${LOGIN.password}`)}` };
    await eventually(
      async () => {
        const answer = await fetch(`http://127.0.0.1:${http}/api/v1/status`, { headers });
        expect(answer.status).toBe(200);
        const status = (await answer.json()) as {
          problems: string[];
          cameras: { camera: string; newest: string | null }[];
        };
        const newest = status.cameras.find(({ camera }) => camera === 'yard')?.newest;
        expect(Date.parse(newest ?? '')).toBeGreaterThan(Date.now() - 60_000);
        expect(status.problems.join('\n')).toMatch(/camera gate, .*camera-offline/);
      },
      { withinMs: 30_000 },
    );
    expect((await fetch(`http://127.0.0.1:${http}/api/v1/status`)).status).toBe(401);
    // The recording went on through all of it.
    const runs = `SELECT r.id FROM run r JOIN stream s ON s.id = r.stream_id JOIN camera c ON c.id = s.camera_id WHERE c.name = 'yard'`;
    expect(await postgres.query(runs)).toHaveLength(1);
    const missing = `SELECT sum(missing) FROM (
      SELECT extract(epoch FROM start_at - lag(end_at) OVER (ORDER BY sequence)) AS missing
      FROM segment WHERE run_id IN (${runs})) between_segments`;
    const [between] = await postgres.query<{ sum: string | null }>(missing);
    expect(Math.abs(Number(between?.sum))).toBeLessThanOrEqual(FRAME_SECONDS);

    await changeWhileItRuns(stage, file, declared, {
      NIGHTJAR_CONFIG: file,
      NIGHTJAR_DATA_DIR: '',
      NIGHTJAR_OPERATIONS_PORT: String(ports.media),
    });

    for (const one of processes) one.signal('SIGTERM');
    for (const one of processes)
      expect(await within(5_000, 'ending after SIGTERM', one.exited)).toMatchObject({ code: 0 });
    await eventually(async () => expect(told).toMatch(/STOPPING=1/), { withinMs: 5_000 });
  },
);

/** `nightjar plan` and `apply`, with one camera less and one whose footage is too much. */
async function changeWhileItRuns(
  stage: Stage,
  file: string,
  declared: { readonly cameras: { readonly yard: object } },
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const nightjar = async (...args: string[]): Promise<{ code: number | null; log: string }> => {
    const command = stage.start('cli', args, environment);
    const { code } = await command.exited;
    return { code, log: command.log };
  };
  const candidate = path.join(stage.directory, 'candidate.yaml');
  const yard = { ...declared.cameras.yard, retention: { maxBytes: '1MiB' } };
  await writeFile(
    candidate,
    JSON.stringify({ ...declared, log: { level: 'warn' }, cameras: { yard } }),
  );

  expect(await nightjar('plan')).toEqual({ code: 0, log: 'what runs is what is declared\n' });
  const plan = await nightjar('plan', candidate);
  expect(plan.code).toBe(0);
  expect(plan.log).toMatch(/^- gate$/m);
  expect(plan.log).toMatch(/^~ yard: ~ retention$/m);
  expect(plan.log).toMatch(/^! log: takes effect after a restart$/m);
  expect(plan.log).toMatch(/^disturbed: gate\/main: 0 readers lose it, its recording ends/m);
  expect(plan.log).toMatch(/^yard +main +maxBytes +\d+/m);

  const refused = await nightjar('apply', candidate, '--yes');
  expect(refused).toMatchObject({ code: 1, log: expect.stringContaining('--delete-footage') });
  expect(await readFile(file, 'utf8')).toBe(JSON.stringify(declared));
  const applied = await nightjar('apply', candidate, '--yes', '--delete-footage');
  expect(applied).toMatchObject({ code: 0, log: expect.stringContaining(`applied: ${file}`) });
  expect(await readFile(`${file}.previous`, 'utf8')).toBe(JSON.stringify(declared));
  // What waits for a restart is left to do.
  expect((await nightjar('plan')).log).toMatch(/^! log: takes effect after a restart$/m);

  await writeFile(candidate, '{"version": 1, "camera": {}}');
  const invalid = await nightjar('plan', candidate);
  expect(invalid).toMatchObject({ code: 1, log: expect.stringContaining('candidate.yaml:1:') });
}
