import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock, NightjarError } from '@nightjar/common';
import { CHILD_ANSWER_MS, childSource } from './child-source.js';
import { metrics } from './metrics/metrics.js';
import { OperationsServer } from './operations-server.js';
import { localSource, type OperationsSource } from './operations-source.js';

let server: OperationsServer | undefined;

async function serving(...sources: OperationsSource[]): Promise<string> {
  server = new OperationsServer({ host: '127.0.0.1', port: 0, sources });
  await server.start();
  return `http://127.0.0.1:${server.port}`;
}

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

const ready = (role: string, reasons: string[] = []) =>
  localSource(role, () => ({ ready: reasons.length === 0, reasons }));

describe('OperationsServer', () => {
  it('serves this process in the text format, every series with its role', async () => {
    metrics.cameraUp.set({ camera: 'front', stream: 'main' }, 1);
    const response = await fetch(`${await serving(ready('control'))}/metrics`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await response.text();
    expect(text).toContain('nightjar_camera_up{role="control",camera="front",stream="main"} 1');
    expect(text).toContain('# TYPE nightjar_segment_commit_duration_seconds histogram');
    expect(text).toContain('process_start_time_seconds{role="control"}');
    const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(series.filter((line) => !line.includes('role="control"'))).toEqual([]);
  });

  it('is alive whatever its sources say', async () => {
    const response = await fetch(`${await serving(ready('media', ['no volume']))}/healthz`);
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
  });

  it('has started when it says so, and is alive before', async () => {
    let started = false;
    server = new OperationsServer({
      host: '127.0.0.1',
      port: 0,
      sources: [ready('media')],
      started: () => started,
    });
    await server.start();
    const ask = async (page: string) => {
      const response = await fetch(`http://127.0.0.1:${server?.port}/${page}`);
      return [response.status, await response.json()];
    };
    expect(await ask('startupz')).toEqual([503, { status: 'starting' }]);
    expect(await ask('healthz')).toEqual([200, { status: 'ok' }]);
    started = true;
    expect(await ask('startupz')).toEqual([200, { status: 'started' }]);
  });

  it('is ready when every source is', async () => {
    const response = await fetch(`${await serving(ready('media'), ready('control'))}/readyz`);
    expect([response.status, await response.json()]).toEqual([200, { ready: true, reasons: [] }]);
  });

  it('says what is wrong although it is ready', async () => {
    const source = localSource('media', () => ({ ready: true, reasons: ['volume b is full'] }));
    const response = await fetch(`${await serving(source, ready('control'))}/readyz`);
    expect([response.status, await response.json()]).toEqual([
      200,
      { ready: true, reasons: ['media: volume b is full'] },
    ]);
  });

  it('says who is not ready and why', async () => {
    const sources = [
      ready('media', ['volume main is missing', 'front is down']),
      ready('control'),
      { ...ready('worker'), ready: () => Promise.reject(new Error('database gone')) },
    ];
    const response = await fetch(`${await serving(...sources)}/readyz?verbose`);
    expect([response.status, await response.json()]).toEqual([
      503,
      {
        ready: false,
        reasons: ['media: volume main is missing', 'media: front is down', 'worker: database gone'],
      },
    ]);
  });

  it.each([
    { method: 'GET', path: '/', status: 404 },
    { method: 'GET', path: '/constructor', status: 404 },
    { method: 'POST', path: '/metrics', status: 405 },
    { method: 'DELETE', path: '/readyz', status: 405 },
    { method: 'HEAD', path: '/healthz', status: 200 },
  ])('answers $method $path with $status', async ({ method, path, status }) => {
    const response = await fetch((await serving(ready('media'))) + path, { method });
    expect(response.status).toBe(status);
    expect(response.headers.get('allow')).toBe(status === 405 ? 'GET, HEAD' : null);
    expect((await response.text()) === '').toBe(method === 'HEAD');
  });

  it('ends idle connections when it stops', async () => {
    const base = await serving(ready('media'));
    const idle = request(`${base}/healthz`, {
      agent: false,
      headers: { connection: 'keep-alive' },
    });
    idle.end();
    const [response] = await once(idle, 'response');
    response.resume();
    const closed = once(response.socket, 'close');
    await server?.stop();
    await closed;
  });

  it('explains a port in use and names the remedy', async () => {
    await serving(ready('media'));
    const port = server!.port;
    const second = new OperationsServer({ host: '127.0.0.1', port, sources: [] });
    const error = await second.start().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NightjarError);
    expect(error).toMatchObject({
      kind: 'conflict',
      code: 'operations/port-in-use',
      message: `port ${port} on 127.0.0.1 is in use: end the program that uses it or set operations.port to a free one`,
      where: { host: '127.0.0.1', port },
    });
  });

  it('explains an address of another machine', async () => {
    const elsewhere = new OperationsServer({ host: '192.0.2.1', port: 0, sources: [] });
    await expect(elsewhere.start()).rejects.toMatchObject({ code: 'operations/no-such-address' });
  });
});

describe('with a child process', () => {
  const support = path.resolve(import.meta.dirname, '../test-support');
  let child: ChildProcess;

  const startChild = async (): Promise<ChildProcess> => {
    const started = fork(path.join(support, 'child.mjs'), {
      execArgv: ['--import', path.join(support, 'typescript-loader.mjs')],
    });
    await once(started, 'message');
    return started;
  };

  const endChild = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };

  beforeAll(async () => {
    child = await startChild();
  }, 60_000);
  afterAll(endChild);

  it('aggregates its series and its readiness', async () => {
    metrics.buildInfo.set({ version: '1' }, 1);
    const base = await serving(ready('appliance'), childSource('media', child));
    const text = await (await fetch(`${base}/metrics`)).text();
    expect(text).toContain(
      'nightjar_recording_bytes_total{role="media",camera="front",stream="main"} 42',
    );
    expect(text).toContain('nightjar_build_info{role="appliance",version="1"} 1');
    expect(text).toMatch(/process_resident_memory_bytes\{role="appliance"\} \d+/);
    expect(text).toMatch(/process_resident_memory_bytes\{role="media"\} \d+/);
    expect(text.match(/# HELP process_resident_memory_bytes/g)).toHaveLength(1);
    expect(await (await fetch(`${base}/readyz`)).json()).toEqual({
      ready: false,
      reasons: ['media: volume main is missing'],
    });
  });

  it('answers many scrapes at once', async () => {
    const source = childSource('media', () => child);
    const answers = await Promise.all(Array.from({ length: 30 }, () => source.ready()));
    expect(answers.every(({ reasons }) => reasons.length === 1)).toBe(true);
    expect(child.listenerCount('message')).toBe(1);
  });

  it('does without a child that hangs, after a while, and without one that is gone', async () => {
    const clock = new ManualClock();
    const hung = once(child, 'message');
    child.send({ do: 'hang' });
    await hung;
    const silent = childSource('media', child, clock).ready();
    // The question leaves in a microtask; only then is there a timer to turn to.
    await Promise.resolve();
    clock.advance(CHILD_ANSWER_MS);
    await expect(silent).rejects.toMatchObject({
      code: 'operations/child-silent',
      message: 'no answer within 2000 ms',
    });

    const interrupted = childSource('media', child, clock).metrics();
    await Promise.all([
      expect(interrupted).rejects.toMatchObject({ code: 'operations/child-gone' }),
      endChild(),
    ]);
    const base = await serving(ready('appliance'), childSource('media', child));
    expect(await (await fetch(`${base}/readyz`)).json()).toEqual({
      ready: false,
      reasons: ['media: the process is not running'],
    });
    const text = await (await fetch(`${base}/metrics`)).text();
    expect(text).toContain('role="appliance"');
    expect(text).not.toContain('role="media"');
  });
});
