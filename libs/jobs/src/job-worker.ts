import { UnrecoverableError, Worker } from 'bullmq';
import type { Job } from 'bullmq';
import { messageOf, NightjarError } from '@nightjar/common';
import type { Clock } from '@nightjar/common';
import type { JobsBackend } from './backend.js';
import type { AnyJobContract, QueuePace } from './contract.js';
import { AttemptCancelled, AttemptReturned, JobAttempt } from './job-attempt.js';
import { checkCoverage } from './job-processor.js';
import type { JobProcessor } from './job-processor.js';
import { pacesOf } from './pace.js';

/**
 * `retried`: this attempt failed and another follows; `failed`: it was the last one; `returned`: the worker stopped in the
 * middle and another one takes the job; `cancelled`: somebody wanted it to end.
 */
export type JobResult = 'completed' | 'retried' | 'failed' | 'returned' | 'cancelled';

export interface JobListener {
  finished(
    job: string,
    result: JobResult,
    durationSeconds: number,
    reason: string | undefined,
  ): void;
  /** A connection broke; it repairs itself. Holds no credentials. */
  unavailable(reason: string): void;
}

/** How the jobs of a worker that died come back. */
export interface JobTiming {
  /** A job whose worker has not been heard of for so long is given to another. */
  readonly lockMs: number;
  readonly stalledCheckMs: number;
}

const TIMING: JobTiming = { lockMs: 20_000, stalledCheckMs: 10_000 };
/** Pause after a failed fetch. The default of 15 s would also delay a graceful close by as much. */
const FETCH_RETRY_MS = 1_000;
/** A job that was running when its worker died so often is taken for the cause, and failed. */
const MAX_DEATHS = 3;

type OpenWorker = ReturnType<typeof openWorker>;

/** The processing side: one BullMQ worker per queue, dispatching by job name. */
export class JobWorker {
  private readonly workers: OpenWorker[] = [];
  private readonly processors: ReadonlyMap<string, JobProcessor>;
  private readonly paces: ReturnType<typeof pacesOf>;
  private readonly stopping = new AbortController();

  /** @throws NightjarError `invalid` unless `processors` covers `contracts` exactly */
  constructor(
    private readonly backend: JobsBackend,
    contracts: readonly AnyJobContract[],
    processors: readonly JobProcessor[],
    private readonly clock: Clock,
    private readonly listener: JobListener,
    private readonly timing: JobTiming = TIMING,
  ) {
    checkCoverage(contracts, processors);
    this.processors = new Map(processors.map((processor) => [processor.contract.name, processor]));
    this.paces = pacesOf(contracts);
  }

  /**
   * Starts working. On failure nothing runs and it may be called again.
   * @throws NightjarError `unavailable` while the backend is away
   */
  async start(): Promise<void> {
    await this.backend.connect();
    try {
      for (const [queue, pace] of this.paces) {
        const worker: OpenWorker = openWorker(this.backend, queue, pace, this.timing, (job) =>
          this.process(worker, job),
        );
        worker.on('error', (error) => this.listener.unavailable(messageOf(error)));
        this.workers.push(worker);
      }
      for (const worker of this.workers) await worker.waitUntilReady();
    } catch (error) {
      await this.closeWorkers();
      throw new NightjarError(
        'unavailable',
        'jobs/worker-start',
        `job worker: ${messageOf(error)}`,
        {},
        error,
      );
    }
    for (const worker of this.workers)
      worker.run().catch((error: unknown) => this.listener.unavailable(messageOf(error)));
  }

  /** Asks running jobs to come to an end, waits for them, and takes no more. */
  async close(): Promise<void> {
    this.stopping.abort();
    await this.closeWorkers();
  }

  private async closeWorkers(): Promise<void> {
    const closing = this.workers.splice(0);
    await Promise.allSettled(closing.map((worker) => worker.close()));
  }

  private async process(worker: OpenWorker, job: Job): Promise<unknown> {
    const startedMs = this.clock.monotonicMs();
    const report = (result: JobResult, reason?: string): void =>
      this.listener.finished(
        job.name,
        result,
        (this.clock.monotonicMs() - startedMs) / 1000,
        reason,
      );
    try {
      const result = await this.attempt(worker, job);
      report('completed');
      return result;
    } catch (error) {
      report(outcomeOf(error, job), messageOf(error));
      throw error;
    }
  }

  private attempt(worker: OpenWorker, job: Job): Promise<unknown> {
    const processor = this.processors.get(job.name);
    if (processor === undefined) throw new UnrecoverableError(`no processor for ${job.name}`);
    return new JobAttempt(
      job,
      processor,
      worker.getBackend(),
      this.clock,
      this.stopping.signal,
      (error) => this.listener.unavailable(messageOf(error)),
    ).run();
  }
}

function outcomeOf(error: unknown, job: Job): JobResult {
  if (error instanceof AttemptCancelled) return 'cancelled';
  if (error instanceof AttemptReturned) return 'returned';
  const last =
    error instanceof UnrecoverableError || job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
  return last ? 'failed' : 'retried';
}

function openWorker(
  backend: JobsBackend,
  queue: string,
  { concurrency, rate }: QueuePace & { concurrency: number },
  timing: JobTiming,
  process: (job: Job) => Promise<unknown>,
) {
  const options = {
    connection: backend.consumer,
    autorun: false,
    concurrency,
    ...(rate === undefined ? {} : { limiter: { max: rate.jobs, duration: rate.perMs } }),
    lockDuration: timing.lockMs,
    stalledInterval: timing.stalledCheckMs,
    maxStalledCount: MAX_DEATHS,
    runRetryDelay: FETCH_RETRY_MS,
  };
  return new Worker(queue, process, options, backend.factory);
}
