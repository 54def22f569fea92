import type { Job, JobType } from 'bullmq';
import { messageOf, NightjarError } from '@nightjar/common';
import { CANCEL_MARK } from './cancellation.js';
import type { BullQueue, OpenQueues } from './open-queues.js';
import { progressOf } from './progress.js';
import type { JobProgress } from './progress.js';

/** `waiting-parts`: the whole of a flow whose parts are not done. `failed`: a dead letter, its attempts are used up. */
export const JOB_STATES = [
  'waiting',
  'active',
  'delayed',
  'waiting-parts',
  'completed',
  'failed',
] as const;
export type JobState = (typeof JOB_STATES)[number];
export type JobCounts = Record<JobState, number>;

/** A job as an operator sees it. Times are Unix epoch milliseconds. */
export interface JobView {
  readonly id: string;
  readonly queue: string;
  readonly name: string;
  readonly state: JobState | 'gone';
  readonly data: unknown;
  readonly progress: JobProgress | undefined;
  /** Attempts that have ended. */
  readonly attempts: number;
  /** Why the last attempt failed. */
  readonly reason: string | undefined;
  readonly result: unknown;
  readonly createdAtMs: number;
  readonly startedAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
}

/** What became of a job that was to end: it is gone, or its worker was asked to end it. */
export type Dismissal = 'removed' | 'cancelling';

/** Parts of one flow that may run at the same time. */
const MAX_RUNNING = 1_000;
/** Ended jobs that are looked at to tell which failures were made good. */
const MAX_ENDED = 1_000;

/** BullMQ keeps jobs that wait with a priority apart. */
const BULL_STATES: Readonly<Record<JobState, readonly JobType[]>> = {
  waiting: ['waiting', 'prioritized'],
  active: ['active'],
  delayed: ['delayed'],
  'waiting-parts': ['waiting-children'],
  completed: ['completed'],
  failed: ['failed'],
};

/** Looking at the jobs of every queue, and what an operator does about them. */
export class JobDesk {
  constructor(private readonly queues: OpenQueues) {}

  /** How many jobs of a queue are in each state. */
  async counts(queue: string): Promise<JobCounts> {
    const counts = await this.queues.use(queue, (open) =>
      open.getJobCounts(...Object.values(BULL_STATES).flat()),
    );
    const of = (state: JobState): number =>
      BULL_STATES[state].reduce((sum, type) => sum + (counts[type] ?? 0), 0);
    return {
      waiting: of('waiting'),
      active: of('active'),
      delayed: of('delayed'),
      'waiting-parts': of('waiting-parts'),
      completed: of('completed'),
      failed: of('failed'),
    };
  }

  /** How many dead letters are left that no later job of the same name and data has made good, as the next run of a recurrence does. */
  async outstanding(queue: string): Promise<number> {
    const failed = await this.list(queue, 'failed', MAX_ENDED);
    if (failed.length === 0) return 0;
    const done = new Map<string, number>();
    for (const job of await this.list(queue, 'completed', MAX_ENDED)) {
      const work = workOf(job);
      done.set(work, Math.max(job.endedAtMs ?? 0, done.get(work) ?? 0));
    }
    return failed.filter((job) => (done.get(workOf(job)) ?? 0) <= (job.endedAtMs ?? 0)).length;
  }

  /** When the job that waits longest was enqueued, Unix epoch milliseconds; undefined if none waits. */
  async oldestWaitingMs(queue: string): Promise<number | undefined> {
    const first = await this.queues.use(queue, async (open) => [
      ...(await open.getJobs(['waiting'], 0, 0, true)),
      ...(await open.getJobs(['prioritized'], 0, 0, true)),
    ]);
    const times = first.map(({ timestamp, delay }) => timestamp + delay);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Jobs in one state, at most `limit`: those that ended newest first, the others oldest first. */
  async list(queue: string, state: JobState, limit: number): Promise<JobView[]> {
    const ended = state === 'completed' || state === 'failed';
    const jobs = await this.queues.use(queue, async (open) => {
      const found = [];
      for (const type of BULL_STATES[state])
        found.push(...(await open.getJobs([type], 0, limit - 1, !ended)));
      return found;
    });
    return jobs.slice(0, limit).map((job) => viewOf(job, state));
  }

  /** @throws NightjarError `not-found` */
  async inspect(queue: string, id: string): Promise<JobView> {
    return this.queues.use(queue, async (open) => {
      const job = await jobOf(open, id);
      return viewOf(job, await stateOf(job));
    });
  }

  /**
   * Gives a dead letter all its attempts again.
   * @throws NightjarError `not-found`; `conflict` if it has not failed, or is the whole of a flow with parts that failed
   */
  async retry(queue: string, id: string): Promise<void> {
    await this.queues.use(queue, async (open) => {
      const job = await jobOf(open, id);
      const state = await stateOf(job);
      if (state !== 'failed')
        throw new NightjarError('conflict', 'jobs/not-failed', `job ${id} is ${state}, not failed`);
      const { failed = 0, unprocessed = 0 } = await job.getDependenciesCount({
        failed: true,
        unprocessed: true,
      });
      if (failed + unprocessed > 0)
        throw new NightjarError(
          'conflict',
          'jobs/parts-left',
          `job ${id} needs ${failed + unprocessed} parts that have not completed: enqueue it anew`,
        );
      await job.clearLogs();
      await job.retry('failed', { resetAttemptsMade: true });
    });
  }

  /**
   * Ends a job whatever it is doing: one that does not run is removed, one that runs is told to end and then removed by its
   * worker. The whole of a flow takes its parts along.
   * @throws NightjarError `not-found`; `conflict` for the next run of a recurrence, which would come back
   */
  async dismiss(queue: string, id: string): Promise<Dismissal> {
    return this.queues.use(queue, async (open) => {
      const job = await jobOf(open, id);
      if (job.repeatJobKey !== undefined && (await stateOf(job)) === 'delayed')
        throw new NightjarError(
          'conflict',
          'jobs/recurring',
          `job ${id} is the next run of ${job.repeatJobKey}`,
        );
      if (await wasRemoved(job)) return 'removed';
      if (await job.isActive()) await job.log(CANCEL_MARK);
      else await this.cancelParts(open, job);
      return 'cancelling';
    });
  }

  /** What has not begun goes now, what runs is told, and the first part that ends so fails the whole. */
  private async cancelParts(open: BullQueue, whole: Job): Promise<void> {
    await whole.removeUnprocessedChildren();
    const running = { unprocessed: { count: MAX_RUNNING } };
    const { unprocessed = [] } = await whole.getDependencies(running);
    for (const key of unprocessed) {
      const part = open.getBackend().parseNodeKey(key);
      await this.queues.use(part.queueName, (queue) => queue.addJobLog(part.id, CANCEL_MARK));
    }
  }
}

/** BullMQ removes nothing that a worker has in hand. */
async function wasRemoved(job: Job): Promise<boolean> {
  try {
    await job.remove();
    return true;
  } catch (error) {
    if (messageOf(error).includes('locked by another worker')) return false;
    throw error;
  }
}

async function jobOf(queue: BullQueue, id: string): Promise<Job> {
  const job = await queue.getJob(id);
  if (job === undefined)
    throw new NightjarError('not-found', 'jobs/unknown-job', `there is no job ${id}`, {
      queue: queue.name,
    });
  return job as Job;
}

async function stateOf(job: Job): Promise<JobView['state']> {
  const state = await job.getState();
  const known = JOB_STATES.find((name) => BULL_STATES[name].some((type) => type === state));
  return known ?? 'gone';
}

function workOf({ name, data }: JobView): string {
  return `${name} ${JSON.stringify(data)}`;
}

function viewOf(job: Job, state: JobView['state']): JobView {
  return {
    id: job.id ?? '',
    queue: job.queueName,
    name: job.name,
    state,
    data: job.data as unknown,
    progress: progressOf(job.progress),
    attempts: job.attemptsMade,
    reason: job.failedReason === '' ? undefined : job.failedReason,
    result: (job.returnvalue as unknown) ?? undefined,
    createdAtMs: job.timestamp,
    startedAtMs: job.processedOn,
    endedAtMs: job.finishedOn,
  };
}
