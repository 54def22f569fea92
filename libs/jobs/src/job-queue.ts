import { randomUUID } from 'node:crypto';
import type { JobsOptions } from 'bullmq';
import { NightjarError } from '@nightjar/common';
import type { JobsBackend, OnBackendError } from './backend.js';
import type { AnyJobContract, JobContract } from './contract.js';
import type { FlowContract } from './flow.js';
import { partId } from './job-attempt.js';
import { JobDesk } from './job-desk.js';
import { OpenQueues } from './open-queues.js';

/** What may differ from one job to the next of the same contract. */
export interface EnqueueOptions {
  /** Earliest so many milliseconds from now. */
  readonly delayMs?: number;
  /** Instead of the contract's. */
  readonly priority?: number;
}

/** When a job comes back by itself: every so many milliseconds, or by a cron pattern (5 or 6 fields) in a time zone. */
export type Recurrence =
  { readonly everyMs: number } | { readonly pattern: string; readonly timeZone: string };

/** Parts of one flow; a flow is one transaction. */
const MAX_PARTS = 1_000;

/** The enqueuing side of all queues of one backend, which it owns. */
export class JobQueue {
  /** Looking at jobs and operating on them. */
  readonly desk: JobDesk;
  private readonly queues: OpenQueues;

  constructor(
    private readonly backend: JobsBackend,
    onError: OnBackendError,
  ) {
    this.queues = new OpenQueues(backend, onError);
    this.desk = new JobDesk(this.queues);
  }

  /**
   * Adds a job, unless one with the same dedupe key waits or runs.
   * @returns the id of the job, or of the one that is there already
   * @throws NightjarError `invalid` for data outside the contract, `unavailable` while the backend is away
   */
  async enqueue<Data>(
    contract: JobContract<Data, unknown>,
    data: Data,
    options: EnqueueOptions = {},
  ): Promise<string> {
    const parsed = parse(contract, data);
    const { dedupe } = contract.options;
    return this.queues.use(contract.queue, async (queue) => {
      const job = await queue.add(contract.name, parsed, {
        ...kept(contract),
        ...(options.delayMs === undefined ? {} : { delay: options.delayMs }),
        ...(options.priority === undefined ? {} : { priority: options.priority }),
        ...(dedupe === undefined
          ? {}
          : { deduplication: { id: `${contract.name}/${dedupe(parsed)}` } }),
      });
      return job.id ?? '';
    });
  }

  /**
   * Adds a flow, all of it or nothing: the whole runs after its parts have completed.
   * @returns the id of the whole
   * @throws NightjarError `invalid` for data outside the contracts, none or more than 1000 parts; `unavailable` while the
   * backend is away
   */
  async enqueueFlow<Data, Part, PartResult>(
    flow: FlowContract<Data, Part, PartResult, unknown>,
    data: Data,
    parts: readonly Part[],
    options: Pick<EnqueueOptions, 'priority'> = {},
  ): Promise<string> {
    const { whole, part } = flow;
    if (parts.length === 0 || parts.length > MAX_PARTS)
      throw new NightjarError(
        'invalid',
        'jobs/parts',
        `${whole.name}: a flow has 1 to ${MAX_PARTS} parts, not ${parts.length}`,
      );
    const id = randomUUID();
    const children = parts.map((each, position) => ({
      name: part.name,
      queueName: part.queue,
      data: parse(part, each),
      opts: { ...kept(part), ...options, jobId: partId(id, position), failParentOnFailure: true },
    }));
    const node = {
      name: whole.name,
      queueName: whole.queue,
      data: parse(whole, data),
      opts: { ...kept(whole), ...options, jobId: id },
      children,
    };
    await this.queues.useFlows((flows) => flows.add(node));
    return id;
  }

  /**
   * Lets a job come back by itself, from whichever process said so last; the first time at once or when the pattern says.
   * BullMQ plans the next run as one begins: a run that begins in that moment is followed by one as it was before.
   * @param key names the recurrence: the same key replaces what was there
   */
  async schedule<Data>(
    contract: JobContract<Data, unknown>,
    key: string,
    data: Data,
    recurrence: Recurrence,
  ): Promise<void> {
    const parsed = parse(contract, data);
    const when =
      'everyMs' in recurrence
        ? { every: recurrence.everyMs }
        : { pattern: recurrence.pattern, tz: recurrence.timeZone };
    await this.queues.use(contract.queue, async (queue) => {
      await queue.upsertJobScheduler(`${contract.name}/${key}`, when, {
        name: contract.name,
        data: parsed,
        opts: kept(contract),
      });
    });
  }

  /** Ends a recurrence; one that is not there is fine. */
  async unschedule(contract: AnyJobContract, key: string): Promise<void> {
    await this.queues.use(contract.queue, (queue) =>
      queue.removeJobScheduler(`${contract.name}/${key}`),
    );
  }

  async close(): Promise<void> {
    await this.queues.close();
    await this.backend.close();
  }
}

/** @throws NightjarError `invalid` */
function parse<Data>(contract: JobContract<Data, unknown>, data: Data): Data {
  const parsed = contract.schema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new NightjarError(
    'invalid',
    'jobs/invalid-data',
    `${contract.name}: ${parsed.error.message}`,
    { job: contract.name },
  );
}

function kept({
  options: { attempts, backoff, keepCompleted, keepFailed, priority },
}: {
  readonly options: JobContract<never, unknown>['options'];
}) {
  return {
    attempts,
    backoff,
    priority,
    removeOnComplete: { count: keepCompleted },
    removeOnFail: { count: keepFailed },
  } satisfies JobsOptions;
}
