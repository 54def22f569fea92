import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@nightjar/common';
import {
  createJobsBackend,
  defineFlow,
  defineJob,
  JobQueue,
  JobWorker,
  processorOf,
  z,
} from '@nightjar/jobs';
import type { JobContext, JobProcessor, JobResult, JobsBackend, JobTiming } from '@nightjar/jobs';
import { forkTs } from '../support/fork-ts.js';
import { Orphan } from '../support/orphan.job.js';
import { startPostgres } from '../support/postgres.js';
import { startRedis } from '../support/redis.js';
import { until } from '../support/until.js';

const ONCE = { attempts: 1, backoff: { type: 'fixed', delay: 10 } } as const;
const Work = defineJob('work.do', z.object({ text: z.string() }), {
  ...ONCE,
  result: z.object({ length: z.number() }),
});
const Counted = defineJob('paced.count', z.object({ n: z.number() }), {
  ...ONCE,
  pace: { concurrency: 3, rate: { jobs: 2, perMs: 1_000 } },
});
const Part = defineJob('film.part', z.object({ n: z.number() }), {
  ...ONCE,
  result: z.object({ square: z.number() }),
});
const Film = defineJob('film.assemble', z.object({ title: z.string() }), ONCE);
const FilmFlow = defineFlow(Film, Part);

const servers = { postgres: startPostgres, redis: startRedis } as const;
const TIMING: JobTiming = { lockMs: 1_000, stalledCheckMs: 300 };

/** A promise and what settles it. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

/** Ends as a well-behaved processor does: in the middle, by an error. */
const untilAborted = ({ signal }: JobContext): Promise<never> =>
  new Promise((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error)),
  );

describe.each(['postgres', 'redis'] as const)('operating jobs on %s', (kind) => {
  let server: Awaited<ReturnType<(typeof servers)[typeof kind]>>;
  let backend: JobsBackend;
  let queue: JobQueue;
  let finished: { job: string; result: JobResult }[];
  let workers: JobWorker[];

  beforeAll(async () => {
    server = await servers[kind]();
  }, 30_000);
  afterAll(async () => {
    await server.remove();
  });
  beforeEach(() => {
    finished = [];
    workers = [];
    backend = createJobsBackend({ backend: kind, url: server.url }, undefined, () => undefined);
    queue = new JobQueue(backend, () => undefined);
  });
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.close()));
    for (const name of [Work.queue, Counted.queue, Film.queue, Orphan.queue]) await empty(name);
    await queue.close();
  });

  async function empty(name: string): Promise<void> {
    const states = ['waiting', 'delayed', 'waiting-parts', 'completed', 'failed'] as const;
    for (const state of states)
      for (const { id } of await queue.desk.list(name, state, 100))
        await queue.desk.dismiss(name, id).catch(() => undefined);
  }

  async function start(...processors: JobProcessor[]): Promise<JobWorker> {
    const worker = new JobWorker(
      backend,
      processors.map(({ contract }) => contract),
      processors,
      systemClock,
      {
        finished: (job, result) => finished.push({ job, result }),
        unavailable: () => undefined,
      },
      TIMING,
    );
    workers.push(worker);
    await worker.start();
    return worker;
  }

  it('shows progress while a job runs, and what it left behind afterwards', async () => {
    const middle = gate();
    await start(
      processorOf(Work, async ({ text }, { report }) => {
        report(0.25, 'a quarter');
        await middle.opened;
        return { length: text.length };
      }),
    );
    const id = await queue.enqueue(Work, { text: 'four' });
    await until(
      async () => (await queue.desk.inspect(Work.queue, id)).progress?.note === 'a quarter',
    );
    expect(await queue.desk.inspect(Work.queue, id)).toMatchObject({
      id,
      name: 'work.do',
      state: 'active',
      data: { text: 'four' },
      progress: { fraction: 0.25 },
    });
    middle.open();
    await until(async () => (await queue.desk.inspect(Work.queue, id)).state === 'completed');
    const view = await queue.desk.inspect(Work.queue, id);
    expect(view.result).toEqual({ length: 4 });
    expect(view.endedAtMs).toBeGreaterThanOrEqual(view.startedAtMs ?? Infinity);
  });

  it('fails a job for good that leaves behind what its contract does not know', async () => {
    await start(processorOf(Work, async () => ({ length: 'long' as unknown as number })));
    const id = await queue.enqueue(Work, { text: 'x' });
    await until(async () => (await queue.desk.inspect(Work.queue, id)).state === 'failed');
    expect((await queue.desk.inspect(Work.queue, id)).reason).toContain('work.do: result');
  });

  it('takes urgent jobs first and delayed ones later', async () => {
    const seen: string[] = [];
    await queue.enqueue(Work, { text: 'later' }, { delayMs: 300 });
    await queue.enqueue(Work, { text: 'patient' }, { priority: 10 });
    await queue.enqueue(Work, { text: 'urgent' }, { priority: 1 });
    await queue.enqueue(Work, { text: 'first' });
    expect(await queue.desk.counts(Work.queue)).toMatchObject({ waiting: 3, delayed: 1 });
    expect(await queue.desk.oldestWaitingMs(Work.queue)).toBeLessThanOrEqual(Date.now());
    const One = { ...Work, options: { ...Work.options, pace: { concurrency: 1 } } };
    await start(
      processorOf(One, async ({ text }) => {
        seen.push(text);
        return { length: 0 };
      }),
    );
    await until(() => seen.length === 4);
    expect(seen).toEqual(['first', 'urgent', 'patient', 'later']);
    expect(await queue.desk.oldestWaitingMs(Work.queue)).toBeUndefined();
  });

  it('begins no more jobs than the rate allows, over all workers together', async () => {
    const starts: number[] = [];
    const processor = processorOf(Counted, async () => void starts.push(performance.now()));
    await start(processor);
    await start(processor);
    for (let n = 0; n < 5; n++) await queue.enqueue(Counted, { n });
    await until(() => starts.length === 5, 15_000);
    // Five jobs at two per second need two more windows after the first.
    expect((starts[4] ?? 0) - (starts[0] ?? 0)).toBeGreaterThan(1_000);
  });

  it('removes a job that waits, and ends one that runs', async () => {
    const waiting = await queue.enqueue(Work, { text: 'waits' });
    expect(await queue.desk.dismiss(Work.queue, waiting)).toBe('removed');
    await expect(queue.desk.inspect(Work.queue, waiting)).rejects.toMatchObject({
      kind: 'not-found',
    });

    const taken = gate();
    await start(
      processorOf(Work, async (_data, context) => {
        taken.open();
        return untilAborted(context);
      }),
    );
    const running = await queue.enqueue(Work, { text: 'runs' });
    await taken.opened;
    expect(await queue.desk.dismiss(Work.queue, running)).toBe('cancelling');
    await until(() => finished.length === 1);
    expect(finished).toEqual([{ job: 'work.do', result: 'cancelled' }]);
    await until(async () => (await queue.desk.counts(Work.queue)).active === 0);
    expect((await queue.desk.counts(Work.queue)).failed).toBe(0);
  });

  it('lets a key be used again once its job was dismissed', async () => {
    const Keyed = defineJob('work.keyed', z.object({}), { ...ONCE, dedupe: () => 'one' });
    const first = await queue.enqueue(Keyed, {});
    expect(await queue.enqueue(Keyed, {})).toBe(first);
    await queue.desk.dismiss(Keyed.queue, first);
    expect(await queue.enqueue(Keyed, {})).not.toBe(first);
  });

  it('lists dead letters, gives them another chance, and discards them', async () => {
    let broken = true;
    await start(
      processorOf(Work, async ({ text }) => {
        if (broken) throw new Error('no film in the camera');
        return { length: text.length };
      }),
    );
    const [mended, lost] = [
      await queue.enqueue(Work, { text: 'mended' }),
      await queue.enqueue(Work, { text: 'lost' }),
    ];
    await until(async () => (await queue.desk.counts(Work.queue)).failed === 2);
    const dead = await queue.desk.list(Work.queue, 'failed', 10);
    expect(new Set(dead.map(({ id }) => id))).toEqual(new Set([mended, lost]));
    expect(dead[0]).toMatchObject({ attempts: 1, reason: 'no film in the camera' });
    expect(await queue.desk.outstanding(Work.queue)).toBe(2);
    broken = false;
    const again = await queue.enqueue(Work, { text: 'mended' });
    await until(async () => (await queue.desk.inspect(Work.queue, again)).state === 'completed');
    expect(await queue.desk.outstanding(Work.queue)).toBe(1);
    await queue.desk.retry(Work.queue, mended);
    await until(async () => (await queue.desk.inspect(Work.queue, mended)).state === 'completed');
    await expect(queue.desk.retry(Work.queue, mended)).rejects.toMatchObject({ kind: 'conflict' });
    expect(await queue.desk.dismiss(Work.queue, lost)).toBe('removed');
    expect((await queue.desk.counts(Work.queue)).failed).toBe(0);
    await expect(queue.desk.retry(Work.queue, 'nobody')).rejects.toMatchObject({
      kind: 'not-found',
    });
  });

  it('runs the whole of a flow after its parts, with what they left in order', async () => {
    const assembled: unknown[] = [];
    const part = processorOf(Part, async ({ n }) => ({ square: n * n }));
    const film = processorOf(Film, async ({ title }, context) => {
      assembled.push({ title, parts: await context.parts(FilmFlow) });
    });
    // Two workers share the parts.
    await start(part, film);
    await start(part, film);
    const numbers = Array.from({ length: 12 }, (_, n) => ({ n }));
    const id = await queue.enqueueFlow(FilmFlow, { title: 'Squares' }, numbers);
    await until(async () => (await queue.desk.inspect(Film.queue, id)).state === 'completed');
    expect(assembled).toEqual([
      { title: 'Squares', parts: numbers.map(({ n }) => ({ square: n * n })) },
    ]);
  });

  it('fails the whole of a flow when a part fails for good', async () => {
    await start(
      processorOf(Part, async ({ n }) =>
        n === 1 ? Promise.reject(new Error('torn')) : { square: n },
      ),
      processorOf(Film, async () => undefined),
    );
    const id = await queue.enqueueFlow(FilmFlow, { title: 'Torn' }, [{ n: 0 }, { n: 1 }]);
    await until(async () => (await queue.desk.inspect(Film.queue, id)).state === 'failed');
    await expect(queue.desk.retry(Film.queue, id)).rejects.toMatchObject({
      code: 'jobs/parts-left',
    });
    expect(await queue.desk.dismiss(Film.queue, id)).toBe('removed');
  });

  it('refuses a flow without parts, and parts outside their contract, as a whole', async () => {
    await expect(queue.enqueueFlow(FilmFlow, { title: 'x' }, [])).rejects.toMatchObject({
      code: 'jobs/parts',
    });
    const bad = [{ n: 1 }, { n: 'two' as unknown as number }];
    await expect(queue.enqueueFlow(FilmFlow, { title: 'x' }, bad)).rejects.toMatchObject({
      code: 'jobs/invalid-data',
    });
    expect(await queue.desk.counts(Film.queue)).toMatchObject({ waiting: 0, 'waiting-parts': 0 });
  });

  it('takes the parts of a flow along when it is dismissed', async () => {
    const id = await queue.enqueueFlow(FilmFlow, { title: 'Never' }, [{ n: 0 }, { n: 1 }]);
    expect(await queue.desk.inspect(Film.queue, id)).toMatchObject({ state: 'waiting-parts' });
    expect(await queue.desk.dismiss(Film.queue, id)).toBe('removed');
    expect(await queue.desk.counts(Film.queue)).toMatchObject({ waiting: 0, 'waiting-parts': 0 });
  });

  it('ends the running part of a flow that is dismissed, and the whole with it', async () => {
    const taken = gate();
    await start(
      processorOf(Part, async (_data, context) => {
        taken.open();
        return untilAborted(context);
      }),
      processorOf(Film, async () => undefined),
    );
    const id = await queue.enqueueFlow(FilmFlow, { title: 'Stopped' }, [{ n: 0 }]);
    await taken.opened;
    expect(await queue.desk.dismiss(Film.queue, id)).toBe('cancelling');
    await until(async () => (await queue.desk.inspect(Film.queue, id)).state === 'failed');
    expect(finished).toContainEqual({ job: 'film.part', result: 'cancelled' });
    expect(finished).not.toContainEqual({ job: 'film.assemble', result: 'completed' });
  });

  it('brings a scheduled job back until it is unscheduled', async () => {
    const seen: string[] = [];
    await start(
      processorOf(Work, async ({ text }) => {
        seen.push(text);
        return { length: 0 };
      }),
    );
    await queue.schedule(Work, 'clock', { text: 'old' }, { everyMs: 3_600_000 });
    // A run that begins while its schedule is changed is followed by one as it was before.
    await until(() => seen.includes('old'));
    await queue.schedule(Work, 'clock', { text: 'tick' }, { everyMs: 200 });
    await until(() => seen.filter((text) => text === 'tick').length >= 2);
    const [next] = await queue.desk.list(Work.queue, 'delayed', 1);
    if (next !== undefined)
      await expect(queue.desk.dismiss(Work.queue, next.id)).rejects.toMatchObject({
        kind: 'conflict',
      });
    await queue.unschedule(Work, 'clock');
    await until(async () => {
      const { delayed, waiting, active } = await queue.desk.counts(Work.queue);
      return delayed + waiting + active === 0;
    });
  });

  it('gives a job back when its worker stops in the middle, and the attempt does not count', async () => {
    const taken = gate();
    const first = await start(
      processorOf(Work, async (_data, context) => {
        taken.open();
        return untilAborted(context);
      }),
    );
    const id = await queue.enqueue(Work, { text: 'goes on' });
    await taken.opened;
    await first.close();
    // BullMQ may have taken it once more while it was being closed.
    expect(new Set(finished.map(({ result }) => result))).toEqual(new Set(['returned']));
    await start(
      processorOf(Work, async ({ text }, { attempt }) => ({ length: text.length * attempt })),
    );
    await until(async () => (await queue.desk.inspect(Work.queue, id)).state === 'completed');
    expect((await queue.desk.inspect(Work.queue, id)).result).toEqual({ length: 7 });
  });

  it('shares the jobs of a queue between two processes, and loses none when one is killed', async () => {
    const child = forkTs('test/support/hanging-worker.ts', {
      BACKEND: kind,
      URL: server.url,
      TIMING: JSON.stringify(TIMING),
    });
    const names = Array.from({ length: 20 }, (_, n) => `job ${n}`);
    await queue.enqueue(Orphan, { text: names[0] ?? '' });
    await once(child, 'message');
    const seen: string[] = [];
    await start(processorOf(Orphan, async ({ text }) => void seen.push(text)));
    for (const text of names.slice(1)) await queue.enqueue(Orphan, { text });
    // The other process holds on to what it takes, four at a time.
    await until(() => seen.length >= names.length - 4);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await until(() => seen.length === names.length, 15_000);
    expect(seen.toSorted()).toEqual(names.toSorted());
  }, 30_000);
});
