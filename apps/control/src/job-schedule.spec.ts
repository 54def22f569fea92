import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import { parseConfig } from '@nightjar/config';
import type { JobQueue } from '@nightjar/jobs';
import { JobSchedule, recurringJobs, type Recurring } from './job-schedule.js';

const HOUR_MS = 3_600_000;
const SILENT = { warn: () => undefined } as unknown as ConstructorParameters<typeof JobSchedule>[3];

let enqueued: string[];

/** Notes what it is given, as `name` or `name volume`. */
const queue = {
  enqueue: ({ name }: { name: string }, { volume }: { volume?: string }) => {
    enqueued.push(volume === undefined ? name : `${name} ${volume}`);
    return Promise.resolve('1');
  },
} as unknown as JobQueue;

async function jobsOf(yaml: string): Promise<Recurring[]> {
  const { config } = await parseConfig(`version: 1\ncameras: {}\n${yaml}`, 'nightjar.yaml', {});
  return recurringJobs(config);
}

describe('the schedule of jobs', () => {
  beforeEach(() => {
    enqueued = [];
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('has every job done once within an hour of a start, for every volume', async () => {
    const jobs = await jobsOf('volumes: { a: { path: /a }, b: { path: /b } }');
    const schedule = new JobSchedule(queue, new SchedulerRegistry(), jobs, SILENT);
    schedule.start();
    await jest.advanceTimersByTimeAsync(HOUR_MS - 1);
    schedule.stop();
    expect([...new Set(enqueued)].toSorted()).toEqual([
      'export.expire',
      'integrity.check a',
      'integrity.check b',
      'integrity.checkpoint',
      'integrity.reconcile a',
      'integrity.reconcile b',
      'integrity.scan a',
      'integrity.scan b',
      'ledger.roll-up',
      'retention.sweep a',
      'retention.sweep b',
      'thumbnails.make',
    ]);
    const count = enqueued.length;
    await jest.advanceTimersByTimeAsync(48 * HOUR_MS);
    expect(enqueued).toHaveLength(count);
  });

  it('comes again at its time, and stops before its first', async () => {
    const [sweep] = await jobsOf('retention: { interval: 30s }');
    const schedule = new JobSchedule(
      queue,
      new SchedulerRegistry(),
      [{ ...sweep!, firstAfterMs: 10_000 }],
      SILENT,
    );
    schedule.start();
    await jest.advanceTimersByTimeAsync(9_999);
    expect(enqueued).toEqual([]);
    await jest.advanceTimersByTimeAsync(60_001);
    expect(enqueued).toEqual(Array(3).fill('retention.sweep main'));
    schedule.stop();
    const other = new JobSchedule(queue, new SchedulerRegistry(), [sweep!], SILENT);
    other.start();
    other.stop();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(enqueued).toHaveLength(4);
  });
});
