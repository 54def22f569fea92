import { Queue } from 'bullmq';
import type { IQueueBackend } from 'bullmq';
import { messageOf, NightjarError } from '@nightjar/common';
import type { JobsBackend, OnBackendError } from './backend.js';
import type { AnyJobContract, JobContract } from './contract.js';

export interface JobCounts {
  waiting: number;
  active: number;
  delayed: number;
  completed: number;
  failed: number;
}

export interface FailedJob {
  id: string;
  name: string;
  data: unknown;
  attempts: number;
  reason: string;
}

type BullQueue = Queue<unknown, unknown, string, unknown, unknown, string, IQueueBackend>;

/** The enqueuing side of all queues of one backend, which it owns. */
export class JobQueue {
  private readonly queues = new Map<string, Promise<BullQueue>>();

  constructor(
    private readonly backend: JobsBackend,
    private readonly onError: OnBackendError,
  ) {}

  /**
   * Adds a job, unless one with the same dedupe key waits or runs.
   * @throws NightjarError `invalid` for data outside the contract, `unavailable` while the backend is away
   */
  async enqueue<Data>(contract: JobContract<Data, unknown>, data: Data): Promise<void> {
    const parsed = contract.schema.safeParse(data);
    if (!parsed.success) {
      throw new NightjarError(
        'invalid',
        'jobs/invalid-data',
        `${contract.name}: ${parsed.error.message}`,
        { job: contract.name },
      );
    }
    const { attempts, backoff, keepCompleted, keepFailed, dedupe } = contract.options;
    await this.use(contract, (queue) =>
      queue.add(contract.name, parsed.data, {
        attempts,
        backoff,
        removeOnComplete: { count: keepCompleted },
        removeOnFail: { count: keepFailed },
        ...(dedupe === undefined
          ? {}
          : { deduplication: { id: `${contract.name}/${dedupe(parsed.data)}` } }),
      }),
    );
  }

  /** How many jobs the contract's queue holds in each state. */
  async counts(contract: AnyJobContract): Promise<JobCounts> {
    const counts = await this.use(contract, (queue) =>
      queue.getJobCounts('waiting', 'active', 'delayed', 'completed', 'failed'),
    );
    const of = (state: keyof JobCounts): number => counts[state] ?? 0;
    return {
      waiting: of('waiting'),
      active: of('active'),
      delayed: of('delayed'),
      completed: of('completed'),
      failed: of('failed'),
    };
  }

  /** Jobs that used up their attempts, newest first. */
  async failed(contract: AnyJobContract, limit: number): Promise<FailedJob[]> {
    const jobs = await this.use(contract, (queue) => queue.getFailed(0, limit - 1));
    return jobs.map((job) => ({
      id: job.id ?? '',
      name: job.name,
      data: job.data,
      attempts: job.attemptsMade,
      reason: job.failedReason ?? '',
    }));
  }

  async close(): Promise<void> {
    const open = await Promise.allSettled(this.queues.values());
    this.queues.clear();
    for (const queue of open) if (queue.status === 'fulfilled') await queue.value.close();
    await this.backend.close();
  }

  private async use<Result>(
    contract: AnyJobContract,
    work: (queue: BullQueue) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await work(await this.open(contract.queue));
    } catch (error) {
      if (error instanceof NightjarError) throw error;
      throw new NightjarError(
        'unavailable',
        'jobs/backend-failed',
        `job queue: ${messageOf(error)}`,
        { job: contract.name },
        error,
      );
    }
  }

  /** A BullMQ queue never recovers from a failed start, so one that fails is thrown away and made anew next time. */
  private open(name: string): Promise<BullQueue> {
    const known = this.queues.get(name);
    if (known !== undefined) return known;
    const opening = this.make(name);
    this.queues.set(name, opening);
    opening.catch(() => this.queues.delete(name));
    return opening;
  }

  private async make(name: string): Promise<BullQueue> {
    await this.backend.connect();
    const queue: BullQueue = new Queue(
      name,
      { connection: this.backend.producer },
      this.backend.factory,
    );
    queue.on('error', (error) => this.onError(messageOf(error)));
    try {
      await queue.waitUntilReady();
    } catch (error) {
      await queue.close().catch(() => undefined);
      throw error;
    }
    return queue;
  }
}
