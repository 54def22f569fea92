import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JournalRecord } from '@nightjar/catalog';
import { createJobsBackend, JobQueue } from '@nightjar/jobs';
import { childSource } from '@nightjar/monitoring';
import type { OperationsSource } from '@nightjar/monitoring';
import { RetentionSweep } from '@nightjar/retention';
import { EPOCH_MS, MINUTE_MS, segmentFacts } from '../support/footage.js';
import { forkTs } from '../support/fork-ts.js';
import { freePort } from '../support/free-port.js';
import { startPostgres } from '../support/postgres.js';
import type { TestPostgres } from '../support/postgres.js';
import { createTestVolume } from '../support/test-volume.js';
import type { TestVolume } from '../support/test-volume.js';
import { until } from '../support/until.js';

const RUN = 'aaaaaaaaaaaa';
const FIRST_MS = Date.now() - 10 * MINUTE_MS;
const SLOW_MS = 60_000;

let postgres: TestPostgres;
let volume: TestVolume;
let directory: string;
let api: string;
let base: string;
let worker: ChildProcess;
let control: ChildProcess;
let sources: { worker: OperationsSource; control: OperationsSource };
let output = '';

const segments = [0, 1, 2, 3].map((n) =>
  segmentFacts(RUN, n, { runStartMs: FIRST_MS, bytes: 524_288 }),
);
const records: JournalRecord[] = segments.map((facts) => ({
  type: 'segment-closed',
  volumeId: '',
  ...facts,
}));

beforeAll(async () => {
  postgres = await startPostgres();
  await postgres.stop();
  volume = await createTestVolume();
  directory = await mkdtemp(join(tmpdir(), 'nightjar-roles-'));
  const port = await freePort();
  api = `http://127.0.0.1:${port}/api/v1`;
  base = `${api}/cameras`;
  const config = join(directory, 'nightjar.yaml');
  await writeFile(
    config,
    `version: 1
http: { host: 127.0.0.1, port: ${port} }
volumes: { main: { path: "${volume.root}", minFreeBytes: 0B } }
retention: { interval: 1s }
users:
  admin: { passwordFile: admin-password, role: admin }
  guard: { passwordFile: guard-password, role: viewer, cameras: [back] }
cameras:
  front: { streams: { main: { url: "rtsp://127.0.0.1/1" } }, retention: { maxBytes: 1280KiB } }
  back: { streams: { main: { url: "rtsp://127.0.0.1/2" } } }
`,
  );
  await writeFile(join(directory, 'admin-password'), 'correct horse');
  await writeFile(join(directory, 'guard-password'), 'battery staple');
  const env = {
    NIGHTJAR_CONFIG: config,
    NIGHTJAR_DATABASE_URL: postgres.url,
    NIGHTJAR_SUPERVISED: '1',
  };
  worker = forkTs('apps/worker/src/main.ts', env, { silent: true });
  control = forkTs('apps/control/src/main.ts', env, { silent: true });
  for (const child of [worker, control]) {
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  await Promise.all([worker, control].map(async (child) => once(child, 'message')));
  sources = { worker: childSource('worker', worker), control: childSource('control', control) };
}, SLOW_MS);

afterAll(async () => {
  for (const child of [worker, control]) if (child.exitCode === null) child.kill('SIGKILL');
  await postgres.remove();
  await volume.remove();
  await rm(directory, { recursive: true });
});

const basic = (login: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(login).toString('base64')}`,
});
const ADMIN = basic('admin:correct horse');
const GUARD = basic('guard:battery staple');
const get = (path: string, headers: Record<string, string> = ADMIN): Promise<Response> =>
  fetch(base + path, { headers });
const iso = (ms: number): string => new Date(ms).toISOString();
const RANGE = `?start=${iso(FIRST_MS)}&end=${iso(FIRST_MS + 10 * MINUTE_MS)}`;

describe('worker and control, started without a database', () => {
  it('run, say that they are not ready, and answer what they can', async () => {
    expect(await sources.worker.ready()).toMatchObject({ ready: false });
    expect(await sources.control.ready()).toMatchObject({ ready: false });
    const cameras = await get('');
    expect([cameras.status, await cameras.json()]).toEqual([
      200,
      [
        expect.objectContaining({ name: 'front', streams: ['main'], recorded: null }),
        expect.objectContaining({ name: 'back' }),
      ],
    ]);
    const timeline = await get(`/front/timeline${RANGE}`);
    expect([timeline.status, timeline.headers.get('retry-after')]).toEqual([503, '5']);
  });

  it(
    'become ready when it comes, feed the catalog, and let retention do its work',
    async () => {
      await volume.write(segments);
      const gap: JournalRecord = {
        type: 'gap',
        camera: 'front',
        stream: 'main',
        startMs: FIRST_MS + 4 * MINUTE_MS,
        endMs: FIRST_MS + 5 * MINUTE_MS,
        reason: 'camera-offline',
      };
      await volume.journal(0, records.slice(0, 2));
      await volume.journal(1, [...records.slice(2), gap]);
      await postgres.start();
      await until(
        async () => (await sources.worker.ready()).ready && (await sources.control.ready()).ready,
        20_000,
      );
      // 2 MiB have to become at most 1.25 MiB: the two oldest go.
      await until(async () => (await volume.files()).length === 2, 20_000);
      await until(
        async () => (await readdir(join(volume.root, '.nightjar', 'journal'))).length === 1,
      );
      const body: unknown = await (await get(`/front/timeline${RANGE}`)).json();
      expect(body).toEqual({
        camera: 'front',
        stream: 'main',
        start: iso(FIRST_MS),
        end: iso(FIRST_MS + 10 * MINUTE_MS),
        recorded: [
          {
            start: iso(FIRST_MS + 2 * MINUTE_MS),
            end: iso(FIRST_MS + 4 * MINUTE_MS),
            segments: 2,
            bytes: 1_048_576,
            holes: 0,
            holesSeconds: 0,
          },
        ],
        gaps: [
          {
            start: iso(gap.startMs),
            end: iso(gap.endMs),
            reason: 'camera-offline',
            detail: 'camera-offline',
            stretches: 1,
            missingSeconds: 60,
          },
        ],
        deleted: [
          {
            start: iso(FIRST_MS),
            end: iso(FIRST_MS + 2 * MINUTE_MS),
            holes: 0,
            holesSeconds: 0,
          },
        ],
        unwanted: [],
        // Nothing is known of the stream after the gap.
        pending: [{ start: iso(gap.endMs), end: iso(FIRST_MS + 10 * MINUTE_MS) }],
        events: [],
      });
      const deletions = await postgres.query<{ path: string; rule: string }>(
        'SELECT path, rule FROM deletion ORDER BY path',
      );
      expect(deletions).toEqual(
        segments.slice(0, 2).map(({ path }) => ({ path, rule: 'maxBytes' })),
      );
    },
    SLOW_MS,
  );

  it.each([
    ['no login', `/front/timeline${RANGE}`, {}, 401],
    ['a wrong password', '', basic('admin:wrong'), 401],
    ['an unknown user', '', basic('nobody:correct horse'), 401],
    ['a camera that is not theirs', `/front/timeline${RANGE}`, GUARD, 403],
    ['a camera of theirs', `/back/timeline${RANGE}`, GUARD, 200],
    ['an unknown camera', `/attic/timeline${RANGE}`, ADMIN, 404],
    ['an inherited name', `/constructor/timeline${RANGE}`, ADMIN, 404],
    ['no range', '/front/timeline', ADMIN, 400],
    ['a time that is none', '/front/timeline?start=yesterday&end=today', ADMIN, 400],
    [
      'an end before the start',
      `/front/timeline?start=${iso(EPOCH_MS)}&end=${iso(EPOCH_MS - 1)}`,
      ADMIN,
      400,
    ],
    [
      'a range of years',
      '/front/timeline?start=2020-01-01T00:00:00Z&end=2026-01-01T00:00:00Z',
      ADMIN,
      400,
    ],
    ['an unknown parameter', `/front/timeline${RANGE}&limit=3`, ADMIN, 400],
    ['a resolution', `/front/timeline${RANGE}&resolution=5m`, ADMIN, 200],
    ['a resolution that is none', `/front/timeline${RANGE}&resolution=soon`, ADMIN, 400],
    ['days', '/back/completeness?from=2026-11-01&to=2026-11-30', GUARD, 200],
    [
      'days of a camera that is not theirs',
      '/front/completeness?from=2026-11-01&to=2026-11-30',
      GUARD,
      403,
    ],
    ['days backwards', '/front/completeness?from=2026-11-30&to=2026-11-01', ADMIN, 400],
    ['days of years', '/front/completeness?from=2020-11-30&to=2026-11-01', ADMIN, 400],
    [
      'days of nowhere',
      '/front/completeness?from=2026-11-01&to=2026-11-30&timeZone=Atlantis/Center',
      ADMIN,
      400,
    ],
    [
      'days by an offset',
      '/front/completeness?from=2026-11-01&to=2026-11-30&timeZone=%2B02:00',
      ADMIN,
      400,
    ],
    ['an unknown path', '/front/picture', ADMIN, 404],
  ] as const)('answers a request with %s', async (_name, path, headers, status) => {
    const response = await get(path, headers);
    expect(response.status).toBe(status);
    expect(response.headers.get('www-authenticate')).toBe(
      status === 401 ? 'Basic realm="nightjar", charset="UTF-8"' : null,
    );
  });

  it('show events among the footage', async () => {
    const event = { id: 'door-1', type: 'door', at: iso(FIRST_MS + 3 * MINUTE_MS), state: 'pulse' };
    const reported = await fetch(`${base}/front/events`, {
      method: 'POST',
      headers: { ...ADMIN, 'content-type': 'application/json' },
      body: JSON.stringify(event),
    });
    expect([reported.status, await reported.text()]).toEqual([200, expect.any(String)]);
    const body = (await (await get(`/front/timeline${RANGE}`)).json()) as { events: object[] };
    expect(body.events).toMatchObject([{ id: 'door-1', type: 'door', start: event.at }]);
  });

  it('sum what became of the day, for those who may see it', async () => {
    const day = iso(FIRST_MS).slice(0, 10);
    const answer = await fetch(`${api}/completeness?day=${day}`, { headers: ADMIN });
    const sums = (await answer.json()) as Record<string, unknown>[];
    expect([answer.status, sums.map(({ camera, stream }) => ({ camera, stream }))]).toEqual([
      200,
      [{ camera: 'front', stream: 'main' }],
    ]);
    // The day may have begun in the middle of the footage.
    expect(sums[0]).toMatchObject({ day, unwantedSeconds: 0 });
    const { declaredSeconds, recordedSeconds, missingSeconds, pendingSeconds } = sums[0] as Record<
      string,
      number
    >;
    expect(recordedSeconds! + missingSeconds! + pendingSeconds!).toBeCloseTo(declaredSeconds!, 2);
    const guards = await fetch(`${api}/completeness?day=${day}`, { headers: GUARD });
    expect(await guards.json()).toEqual([]);
  });

  it('show dead letters to administrators, who retry and discard them', async () => {
    const backend = createJobsBackend(
      { backend: 'postgres', url: postgres.url },
      undefined,
      () => undefined,
    );
    const queue = new JobQueue(backend, () => undefined);
    const doomed = {
      ...RetentionSweep,
      options: { ...RetentionSweep.options, attempts: 1 },
    };
    const id = await queue.enqueue(doomed, { volume: 'attic' });
    const jobs = (path = '', init: RequestInit = {}): Promise<Response> =>
      fetch(`${api}/jobs${path}`, { headers: ADMIN, ...init });
    const failed = async (): Promise<unknown> =>
      ((await (await jobs('?queue=retention&state=failed')).json()) as { jobs: unknown }).jobs;
    await until(async () => ((await failed()) as unknown[]).length === 1, 20_000);
    expect(await failed()).toMatchObject([
      { id, name: 'retention.sweep', data: { volume: 'attic' }, attempts: 1, state: 'failed' },
    ]);
    const all = (await (await jobs()).json()) as { queues: { queue: string; counts: object }[] };
    const gauged = async (): Promise<Set<unknown>> => {
      const gauges = (await sources.worker.metrics()).filter(
        ({ name }) => name === 'nightjar_queue_oldest_waiting_seconds',
      );
      return new Set(gauges.flatMap(({ values }) => values.map(({ labels }) => labels['queue'])));
    };
    const shown = new Set(all.queues.map(({ queue: name }) => name));
    await until(async () => (await gauged()).size >= shown.size, 20_000);
    expect(shown).toEqual(await gauged());
    expect(all.queues).toContainEqual(
      expect.objectContaining({
        queue: 'nightjar.retention',
        counts: expect.objectContaining({ failed: 1 }) as object,
      }),
    );
    expect((await jobs(`/retention/${id}/retry`, { method: 'POST' })).status).toBe(202);
    await until(async () => {
      const job = (await (await jobs(`/retention/${id}`)).json()) as { state: string };
      return job.state === 'failed';
    }, 20_000);
    const gone = await jobs(`/retention/${id}`, { method: 'DELETE' });
    expect([gone.status, await gone.json()]).toEqual([202, { outcome: 'removed' }]);
    expect((await jobs(`/retention/${id}`)).status).toBe(404);
    expect((await jobs('/nowhere/1')).status).toBe(404);
    expect((await jobs('?state=lost')).status).toBe(400);
    expect((await jobs('', { headers: GUARD })).status).toBe(403);
    expect((await jobs(`/retention/${id}/retry`, { method: 'POST', headers: {} })).status).toBe(
      401,
    );
    await queue.close();
    const gauge = (await sources.worker.metrics()).find(
      ({ name }) => name === 'nightjar_queue_jobs',
    );
    expect(gauge?.values).toContainEqual(
      expect.objectContaining({ labels: { queue: 'nightjar.retention', state: 'failed' } }),
    );
  });

  it('shows a viewer only the cameras it may see', async () => {
    const cameras = (await (await get('', GUARD)).json()) as { name: string }[];
    expect(cameras.map(({ name }) => name)).toEqual(['back']);
  });

  it(
    'go on after PostgreSQL restarts, and nothing is stored twice',
    async () => {
      await postgres.stop();
      await volume.write([segmentFacts(RUN, 4, { runStartMs: FIRST_MS })]);
      await volume.journal(2, [
        {
          type: 'segment-closed',
          volumeId: volume.id,
          ...segmentFacts(RUN, 4, { runStartMs: FIRST_MS }),
        },
      ]);
      await postgres.start();
      const sequences = (): Promise<{ sequence: number }[]> =>
        postgres.query('SELECT sequence FROM segment ORDER BY sequence');
      await until(async () => (await sequences()).length === 3, 20_000);
      expect((await sequences()).map(({ sequence }) => sequence)).toEqual([2, 3, 4]);
    },
    SLOW_MS,
  );

  it('let administrators take a camera as it is, after it changed', async () => {
    const [row] = await postgres.query<{ id: number }>(
      `INSERT INTO device (endpoint, addresses, service_urls, scopes, decision, camera, changes, first_seen, last_seen)
       VALUES ('urn:uuid:changed', '["10.0.0.9"]', '[]', '[]', 'adopted', 'front',
         '[{"what": "firmware", "before": "1.0", "after": "2.0", "atMs": 0}]', now(), now()) RETURNING id`,
    );
    const device = `${api}/discovery/devices/${row!.id}`;
    const change = { what: 'firmware', before: '1.0', after: '2.0', at: iso(0) };
    expect(await (await fetch(device, { headers: ADMIN })).json()).toMatchObject({
      status: 'changed',
      changes: [change],
    });
    const accept = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${device}/accept`, { method: 'POST', headers });
    expect((await accept(GUARD)).status).toBe(403);
    const accepted = await accept(ADMIN);
    expect(accepted.status).toBe(200);
    const now = { status: 'adopted', camera: 'front', changes: [] };
    expect(await accepted.json()).toMatchObject(now);
    expect(await (await fetch(device, { headers: ADMIN })).json()).toMatchObject(now);
    const nobody = `${api}/discovery/devices/999999/accept`;
    expect((await fetch(nobody, { method: 'POST', headers: ADMIN })).status).toBe(404);
  });

  it('tell administrators where cameras are set otherwise than declared', async () => {
    const settings = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${api}/discovery/settings`, { headers });
    expect((await settings(GUARD)).status).toBe(403);
    expect(await (await settings(ADMIN)).json()).toEqual({ cameras: [] });
  });

  it('tell administrators how the volumes are, and notice when one goes away', async () => {
    const volumes = async (headers = ADMIN): Promise<{ status: number; list: unknown }> => {
      const response = await fetch(new URL('/api/v1/volumes', base), { headers });
      return { status: response.status, list: await response.json() };
    };
    expect((await volumes(GUARD)).status).toBe(403);
    expect(await volumes()).toEqual({
      status: 200,
      list: [
        {
          name: 'main',
          path: volume.root,
          id: volume.id,
          state: 'active',
          health: 'healthy',
          problem: null,
          lastSeen: expect.any(String),
          freeBytes: expect.any(Number),
          sizeBytes: expect.any(Number),
          footageBytes: expect.any(Number),
        },
      ],
    });
    const identity = join(volume.root, '.nightjar', 'volume.json');
    await rename(identity, `${identity}.away`);
    await until(
      async () => JSON.stringify(await volumes()).includes('"health":"volume-missing"'),
      30_000,
    );
    await rename(`${identity}.away`, identity);
    await until(async () => JSON.stringify(await volumes()).includes('"healthy"'), 30_000);
  }, 90_000);

  it(
    'stop on SIGTERM with code 0 and have printed no secret',
    async () => {
      const exits = [worker, control].map(async (child) => {
        child.kill('SIGTERM');
        const [code] = (await once(child, 'exit')) as [number | null];
        return code;
      });
      expect(await Promise.all(exits)).toEqual([0, 0]);
      for (const secret of ['correct horse', 'battery staple', 'test-secret'])
        expect(output).not.toContain(secret);
    },
    SLOW_MS,
  );
});
