import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@nightjar/common';
import { parseConfig } from '@nightjar/config';
import { createJobsBackend, defineJob, JobQueue, JobWorker, processorOf } from '@nightjar/jobs';
import type { JobResult, JobsBackend } from '@nightjar/jobs';
import { z } from 'zod';
import { forkTs } from '../support/fork-ts.js';
import { Orphan } from '../support/orphan.job.js';
import { startPostgres } from '../support/postgres.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { until } from '../support/until.js';

const Echo = defineJob('test.echo', z.object({ text: z.string() }), {
  attempts: 2,
  backoff: { type: 'fixed', delay: 10 },
  keepFailed: 5,
});
const Single = defineJob('test.single', z.object({ volume: z.string() }), {
  dedupe: ({ volume }) => volume,
});

const servers = {
  postgres: startPostgres,
  redis: startRedis,
} as const;

describe.each(['postgres', 'redis'] as const)('jobs on %s', (kind) => {
  let server: Awaited<ReturnType<(typeof servers)[typeof kind]>>;
  let backend: JobsBackend;
  let queue: JobQueue;
  let worker: JobWorker;
  let finished: { job: string; result: JobResult; reason: string | undefined }[];
  let seen: string[];
  let behaviour: (text: string, signal: AbortSignal) => Promise<void>;

  beforeAll(async () => {
    server = await servers[kind]();
  }, 30_000);
  afterAll(async () => {
    await server.remove();
  });

  beforeEach(async () => {
    finished = [];
    seen = [];
    behaviour = async () => undefined;
    backend = createJobsBackend({ backend: kind, url: server.url }, undefined, () => undefined);
    queue = new JobQueue(backend, () => undefined);
    worker = new JobWorker(
      backend,
      [Echo, Single],
      [
        processorOf(Echo, async ({ text }, { signal }) => {
          seen.push(text);
          await behaviour(text, signal);
        }),
        processorOf(Single, async ({ volume }, { signal }) => {
          seen.push(volume);
          await behaviour(volume, signal);
        }),
      ],
      systemClock,
      {
        finished: (job, result, _seconds, reason) => finished.push({ job, result, reason }),
        unavailable: () => undefined,
      },
    );
  });
  afterEach(async () => {
    await worker.close();
    await queue.close();
  });

  it('carries a job to its processor', async () => {
    await queue.enqueue(Echo, { text: 'hello' });
    await worker.start();
    await until(() => finished.length === 1);
    expect({ seen, finished }).toEqual({
      seen: ['hello'],
      finished: [{ job: 'test.echo', result: 'completed', reason: undefined }],
    });
  });

  it('takes the first jobs of several queues at the same time', async () => {
    const jobs = ['one', 'other'].map((area) => defineJob(`${area}.job`, z.object({}), {}));
    await Promise.all(jobs.map((job) => queue.enqueue(job, {})));
    for (const job of jobs) expect((await queue.desk.counts(job.queue)).waiting).toBe(1);
  });

  it('retries, then keeps a failed job with its reason where it can be counted and read', async () => {
    behaviour = async () => Promise.reject(new Error('disk on fire'));
    await worker.start();
    await queue.enqueue(Echo, { text: 'doomed' });
    await until(() => finished.length === 2);
    expect(finished.map(({ result }) => result)).toEqual(['retried', 'failed']);
    await until(async () => (await queue.desk.counts(Echo.queue)).failed === 1);
    expect(await queue.desk.list(Echo.queue, 'failed', 10)).toMatchObject([
      { name: 'test.echo', data: { text: 'doomed' }, attempts: 2, reason: 'disk on fire' },
    ]);
  });

  it('drops a job while one with the same key waits or runs, and takes it afterwards', async () => {
    let release = (): void => undefined;
    for (let n = 0; n < 5; n++) await queue.enqueue(Single, { volume: 'a' });
    await queue.enqueue(Single, { volume: 'b' });
    expect((await queue.desk.counts(Single.queue)).waiting).toBe(2);
    behaviour = async (volume) =>
      volume === 'a' ? new Promise((resolve) => (release = resolve)) : undefined;
    await worker.start();
    await until(() => seen.includes('a'));
    await queue.enqueue(Single, { volume: 'a' });
    release();
    await until(() => finished.length === 2);
    expect(seen.toSorted()).toEqual(['a', 'b']);
    behaviour = async () => undefined;
    await queue.enqueue(Single, { volume: 'a' });
    await until(() => finished.length === 3);
  });

  it('tells a running job to end and waits for it when it closes', async () => {
    let ended = false;
    behaviour = async (_text, signal) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => {
          ended = true;
          resolve();
        }),
      );
    await worker.start();
    await queue.enqueue(Echo, { text: 'long' });
    await until(() => seen.length === 1);
    await worker.close();
    expect({ ended, finished }).toMatchObject({ ended: true, finished: [{ result: 'completed' }] });
  });

  it('gives the job of a worker that was killed to another one', async () => {
    const timing = { lockMs: 1_000, stalledCheckMs: 300 };
    const child = forkTs('test/support/hanging-worker.ts', {
      BACKEND: kind,
      URL: server.url,
      TIMING: JSON.stringify(timing),
    });
    await queue.enqueue(Orphan, { text: 'left behind' });
    await once(child, 'message');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const heir = new JobWorker(
      backend,
      [Orphan],
      [processorOf(Orphan, async ({ text }) => void seen.push(text))],
      systemClock,
      { finished: () => undefined, unavailable: () => undefined },
      timing,
    );
    await heir.start();
    await until(() => seen.length === 1);
    await heir.close();
    expect(seen).toEqual(['left behind']);
  }, 20_000);

  it('refuses data outside the contract before it reaches the queue', async () => {
    await expect(queue.enqueue(Echo, { text: 3 } as never)).rejects.toMatchObject({
      kind: 'invalid',
      code: 'jobs/invalid-data',
    });
  });
});

describe('a backend that is away', () => {
  it.each(['postgres', 'redis'] as const)(
    '%s: fails fast, says nothing secret, and crashes nothing',
    async (kind) => {
      const reasons: string[] = [];
      const backend = createJobsBackend(
        { backend: kind, url: `${kind}://user:hidden-word@127.0.0.1:9` },
        undefined,
        (reason) => reasons.push(reason),
      );
      const queue = new JobQueue(backend, (reason) => reasons.push(reason));
      await expect(queue.enqueue(Echo, { text: 'x' })).rejects.toMatchObject({
        kind: 'unavailable',
      });
      await expect(queue.enqueue(Echo, { text: 'x' })).rejects.toMatchObject({
        kind: 'unavailable',
      });
      await queue.close();
      expect(reasons.join()).not.toContain('hidden-word');
    },
  );
});

describe('Redis with a password, inside TLS', () => {
  const PASSWORD = 'a b/@:%41#ü';
  const queueOf = async (more: string, password = PASSWORD) => {
    const { config } = await parseConfig(
      `version: 1\nqueue: { backend: redis, url: "${redis.url}", passwordEnv: P${more} }`,
      'nightjar.yaml',
      { P: password },
    );
    const backend = createJobsBackend(config.queue, undefined, () => undefined);
    return new JobQueue(backend, () => undefined);
  };

  let redis: TestRedis;
  let trusted: string;

  beforeAll(async () => {
    redis = await startRedis(PASSWORD);
    trusted = `, caFile: "${redis.caFile}"`;
  });
  afterAll(() => redis.remove());

  it('takes jobs from who has the password and trusts its certificate', async () => {
    const queue = await queueOf(trusted);
    await queue.enqueue(Echo, { text: 'x' });
    expect((await queue.desk.counts(Echo.queue)).waiting).toBe(1);
    await queue.close();
  });

  it('says what is wrong to who has another password, or does not trust it', async () => {
    for (const [queue, refusal] of [
      [await queueOf(trusted, 'another'), /WRONGPASS/],
      [await queueOf(''), /self-signed certificate/],
    ] as const) {
      await expect(queue.enqueue(Echo, { text: 'x' })).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringMatching(refusal),
      });
      await queue.close();
    }
  });
});

describe('jobs while PostgreSQL restarts', () => {
  it('go on afterwards without a new worker', async () => {
    const postgres = await startPostgres();
    const backend = createJobsBackend(
      { backend: 'postgres', url: postgres.url },
      undefined,
      () => undefined,
    );
    const queue = new JobQueue(backend, () => undefined);
    const done: string[] = [];
    const worker = new JobWorker(
      backend,
      [Echo],
      [processorOf(Echo, async ({ text }) => void done.push(text))],
      systemClock,
      {
        finished: () => undefined,
        unavailable: () => undefined,
      },
    );
    await worker.start();
    await queue.enqueue(Echo, { text: 'before' });
    await until(() => done.length === 1);
    await postgres.stop();
    await expect(queue.enqueue(Echo, { text: 'lost' })).rejects.toMatchObject({
      kind: 'unavailable',
    });
    await postgres.start();
    await queue.enqueue(Echo, { text: 'after' });
    await until(() => done.length === 2, 15_000);
    await worker.close();
    await queue.close();
    await postgres.remove();
    expect(done).toEqual(['before', 'after']);
  }, 30_000);
});
