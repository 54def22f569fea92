import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { childSource, type OperationsSource } from '@nightjar/monitoring';
import { forkTs } from '../support/fork-ts.js';
import { freePort } from '../support/free-port.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';

const SLOW_MS = 90_000;
const START_MS = 30_000;

let postgres: TestPostgres;
let directory: string;
let base: string;
let env: Record<string, string>;
const children: ChildProcess[] = [];
let media: { child: ChildProcess; source: OperationsSource };
let control: { child: ChildProcess; source: OperationsSource };
let output = '';

async function start(role: 'media' | 'control'): Promise<typeof media> {
  const child = forkTs(`apps/${role}/src/main.ts`, env, { silent: true });
  children.push(child);
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'message');
  return { child, source: childSource(role, () => child) };
}

beforeAll(async () => {
  postgres = await startPostgres();
  directory = await mkdtemp(join(tmpdir(), 'nightjar-demand-'));
  const [rtsp, http] = [await freePort(), await freePort()];
  base = `http://127.0.0.1:${http}/api/v1/cameras`;
  await writeFile(
    join(directory, 'nightjar.yaml'),
    `version: 1
dataDir: data
rtsp: { host: 127.0.0.1, port: ${rtsp} }
http: { host: 127.0.0.1, port: ${http} }
media: { processes: 1 }
events: { file: events.jsonl }
users:
  admin: { passwordFile: admin-password, role: admin }
  guard: { passwordFile: guard-password, role: viewer, cameras: [front] }
cameras:
  front:
    streams: { main: { url: "rtsp://127.0.0.1:1/1" }, sub: { url: "rtsp://127.0.0.1:1/2" } }
    record:
      - { stream: main, mode: event, event: { postRoll: 1s, types: [motion] } }
      - { stream: sub, mode: "off" }
  bare: { streams: { main: { url: "rtsp://127.0.0.1:1/3" } } }
`,
  );
  await writeFile(join(directory, 'admin-password'), 'correct horse');
  await writeFile(join(directory, 'guard-password'), 'battery staple');
  await writeFile(join(directory, 'events.jsonl'), '{"camera":"front","type":"motion"}\n');
  env = {
    NIGHTJAR_CONFIG: join(directory, 'nightjar.yaml'),
    NIGHTJAR_DATABASE_URL: postgres.url,
    NIGHTJAR_SUPERVISED: '1',
  };
  await postgres.stop();
  [media, control] = await Promise.all([start('media'), start('control')]);
}, SLOW_MS);

afterAll(async () => {
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  await postgres.remove();
  await rm(directory, { recursive: true });
});

const basic = (login: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(login).toString('base64')}`,
});
const ADMIN = basic('admin:correct horse');
const GUARD = basic('guard:battery staple');

interface Answer {
  status: number;
  body: any;
}
async function call(path: string, init: RequestInit = {}, login = ADMIN): Promise<Answer> {
  const response = await fetch(base + path, {
    ...init,
    headers: { ...login, ...(init.headers as Record<string, string> | undefined) },
  });
  return { status: response.status, body: await response.json() };
}
const post = (path: string, body: unknown, login = ADMIN): Promise<Answer> =>
  call(
    path,
    {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    },
    login,
  );
const iso = (ms: number): string => new Date(ms).toISOString();
const events = async (): Promise<any[]> => {
  const range = `start=${iso(Date.now() - 3_600_000)}&end=${iso(Date.now() + 60_000)}`;
  return (await call(`/front/events?${range}`)).body.events;
};

async function figure(
  name: string,
  labels: Record<string, string> = {},
): Promise<number | undefined> {
  const metric = (await media.source.metrics()).find((one) => one.name === `nightjar_${name}`);
  const values = (metric?.values ?? []) as { value: number; labels: Record<string, unknown> }[];
  return values.find((one) =>
    Object.entries(labels).every(([label, value]) => one.labels[label] === value),
  )?.value;
}
/** Whether media wants a stream of `front` recorded. */
const wants = (stream = 'main'): Promise<number | undefined> =>
  figure('recording_wanted', { camera: 'front', stream });

describe('media and control, started without a database', () => {
  it('record all that waits for events, for events cannot be heard', async () => {
    expect([await wants(), await wants('sub'), await figure('events_heard')]).toEqual([1, 0, 0]);
    expect(await post('/front/events', { type: 'motion' })).toMatchObject({
      status: 503,
      body: { error: { message: 'temporarily unavailable' } },
    });
  });

  it(
    'hear of events when it comes',
    async () => {
      await postgres.start();
      await until(async () => (await control.source.ready()).ready, START_MS);
      await until(async () => (await figure('events_heard')) === 1, START_MS);
      expect(await wants()).toBe(0);
    },
    SLOW_MS,
  );
});

describe('events', () => {
  it('are begun and ended by the API, and wanted until after the post-roll', async () => {
    const begun = await post('/front/events', {
      type: 'motion',
      state: 'begin',
      id: 'm-1',
      label: 'gate',
      data: { score: 0.5 },
    });
    expect(begun).toMatchObject({
      status: 200,
      body: { camera: 'front', events: [{ id: 'm-1', end: null, label: 'gate', source: 'api' }] },
    });
    await until(async () => (await wants()) === 1);
    expect((await call('/front/recording')).body.streams).toEqual([
      {
        stream: 'main',
        mode: 'event',
        wanted: true,
        because: 'event',
        nextChange: expect.any(String),
      },
      { stream: 'sub', mode: 'off', wanted: false, because: 'off', nextChange: null },
    ]);
    // Told again by a sender that got no answer.
    await post('/front/events', { type: 'motion', state: 'begin', id: 'm-1' });
    await post('/front/events', { type: 'motion', state: 'end', id: 'm-1' });
    expect(await wants()).toBe(1);
    await until(async () => (await wants()) === 0);
    expect(await events()).toEqual([
      expect.objectContaining({ id: 'm-1', type: 'motion', data: { score: 0.5 } }),
    ]);
  });

  it.each([
    ['no body', {}],
    [
      'a picture',
      { body: Buffer.from([0xff, 0xd8, 0]), headers: { 'content-type': 'image/jpeg' } },
    ],
    ['broken JSON', { body: '{"a":', headers: { 'content-type': 'application/json' } }],
    ['a form', { body: 'a=%zz', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    ['JSON that is no object', { body: '7', headers: { 'content-type': 'application/json' } }],
  ])('come in by a webhook with %s', async (_what, init: RequestInit) => {
    const before = (await events()).length;
    expect(await call('/front/events/motion', { method: 'POST', ...init })).toMatchObject({
      status: 200,
      body: { events: [{ type: 'motion', source: 'webhook', end: expect.any(String) }] },
    });
    expect(await events()).toHaveLength(before + 1);
  });

  it('begin and end by webhooks that know no ids', async () => {
    const state = (what: string): Promise<Answer> =>
      call(`/front/events/line-crossed?state=${what}`, { method: 'POST' });
    const [first] = (await state('begin')).body.events;
    const [second] = (await state('begin')).body.events;
    expect(second.id).not.toBe(first.id);
    expect((await state('end')).body.events).toMatchObject([{ id: second.id }]);
    expect((await state('end')).body.events).toEqual([]);
    const found = (await events()).filter(({ type }) => type === 'line-crossed');
    expect(found.map(({ end }) => typeof end)).toEqual(['string', 'string']);
  });

  it('come in by the file, as they are appended to it', async () => {
    const file = join(directory, 'events.jsonl');
    await appendFile(
      file,
      [
        { camera: 'front', type: 'door', label: 'opened', at: iso(Date.now() - 5_000) },
        { camera: 'attic', type: 'door' },
        { camera: 'front', type: 'bell' },
      ]
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(''),
    );
    await appendFile(file, 'not JSON\n{"camera":"front","type":"last"}\n');
    await until(async () => (await events()).some(({ type }) => type === 'last'));
    const ofFile = (await events()).filter(({ source }) => source === 'file');
    expect(ofFile.map(({ type }) => type)).toEqual(['door', 'bell', 'last']);
    expect(ofFile[0]).toMatchObject({ label: 'opened' });
    const rejected = (await control.source.metrics()).find(
      ({ name }) => name === 'nightjar_event_file_lines_rejected_total',
    );
    expect(rejected?.values).toMatchObject([{ value: 2 }]);
  });

  it.each([
    ['a viewer who reports an event', () => post('/front/events', { type: 'motion' }, GUARD), 403],
    ['a viewer with a webhook', () => call('/front/events/motion', { method: 'POST' }, GUARD), 403],
    ['a stranger', () => post('/front/events', { type: 'motion' }, {}), 401],
    ['an unknown camera', () => post('/attic/events', { type: 'motion' }), 404],
    ['an unknown stream', () => post('/front/events', { type: 'motion', stream: 'third' }), 404],
    ['no type', () => post('/front/events', { state: 'begin' }), 400],
    ['an unknown key', () => post('/front/events', { type: 'motion', colour: 'red' }), 400],
    [
      'the future',
      () => post('/front/events', { type: 'motion', at: '2999-01-01T00:00:00Z' }),
      400,
    ],
    ['an unknown id', () => post('/front/events', { type: 'a', state: 'end', id: 'x' }), 404],
    ['a bad state', () => call('/front/events/a?state=maybe', { method: 'POST' }), 400],
    ['a bad type', () => call('/front/events/a%20b', { method: 'POST' }), 400],
    ['a list without a range', () => call('/front/events'), 400],
    [
      'a viewer who asks for a list',
      () => call(`/front/events?start=${iso(0)}&end=${iso(1)}`, {}, GUARD),
      200,
    ],
    [
      'a viewer at another camera',
      () => call(`/bare/events?start=${iso(0)}&end=${iso(1)}`, {}, GUARD),
      403,
    ],
  ])('answers %s', async (_what, ask, status) => {
    expect((await ask()).status).toBe(status);
  });
});

describe('recording by hand', () => {
  it('starts, stops and goes back to what is configured', async () => {
    const started = await post('/front/recording', {
      action: 'start',
      for: '10m',
      reason: 'drill',
    });
    expect(started).toMatchObject({
      status: 200,
      body: {
        streams: [
          { stream: 'main', wanted: true, because: 'manual', nextChange: expect.any(String) },
          { stream: 'sub', wanted: true, because: 'manual' },
        ],
        overrides: [{ stream: null, action: 'start', reason: 'drill', setBy: 'admin' }],
      },
    });
    await until(async () => (await wants('sub')) === 1);
    await post('/front/recording', { action: 'stop', stream: 'main' });
    await until(async () => (await wants()) === 0);
    expect(await wants('sub')).toBe(1);
    const auto = await post('/front/recording', { action: 'auto' });
    expect(auto.body.overrides).toEqual([]);
    await until(async () => (await wants('sub')) === 0);
    expect(output).toContain('recording was set by hand');
  });

  it.each([
    ['a viewer', () => post('/front/recording', { action: 'privacy' }, GUARD), 403],
    ['a viewer who looks', () => call('/front/recording', {}, GUARD), 200],
    ['a stranger', () => post('/front/recording', { action: 'stop' }, {}), 401],
    ['an unknown camera', () => post('/attic/recording', { action: 'stop' }), 404],
    [
      'a camera that is not declared to be recorded',
      () => post('/bare/recording', { action: 'start' }),
      404,
    ],
    ['a stream that is not', () => post('/front/recording', { action: 'start', stream: 'x' }), 404],
    ['an unknown action', () => post('/front/recording', { action: 'pause' }), 400],
    ['a time that is none', () => post('/front/recording', { action: 'stop', for: 'long' }), 400],
    [
      'two times',
      () => post('/front/recording', { action: 'stop', for: '1m', until: iso(Date.now() + 9e5) }),
      400,
    ],
    ['a time that is over', () => post('/front/recording', { action: 'stop', until: iso(5) }), 400],
    ['auto for some time', () => post('/front/recording', { action: 'auto', for: '1m' }), 400],
  ])('answers %s', async (_what, ask, status) => {
    expect((await ask()).status).toBe(status);
  });

  it(
    'keeps privacy through a restart of media without a database',
    async () => {
      await post('/front/recording', { action: 'privacy', reason: 'visitors' });
      const cache = join(directory, 'data', 'recording-overrides.json');
      await until(async () => (await readFile(cache, 'utf8')).includes('privacy'));
      await postgres.stop();
      await until(async () => (await figure('events_heard')) === 0);
      expect(await wants()).toBe(0);
      media.child.kill('SIGKILL');
      await once(media.child, 'exit');
      media = await start('media');
      expect([await wants(), await figure('events_heard')]).toEqual([0, 0]);
      await postgres.start();
      await until(async () => (await figure('events_heard')) === 1, START_MS);
      expect(await wants()).toBe(0);
      await until(async () => (await post('/front/recording', { action: 'auto' })).status === 200);
      await post('/front/events', { type: 'motion', state: 'begin' });
      await until(async () => (await wants()) === 1);
    },
    SLOW_MS,
  );

  it(
    'all stop on SIGTERM with code 0',
    async () => {
      const exits = [media, control].map(async ({ child }) => {
        child.kill('SIGTERM');
        const [code] = (await once(child, 'exit')) as [number | null];
        return code;
      });
      expect(await Promise.all(exits)).toEqual([0, 0]);
    },
    SLOW_MS,
  );
});
