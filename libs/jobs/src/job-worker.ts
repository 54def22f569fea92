import { UnrecoverableError, Worker } from 'bullmq';
import type { Job } from 'bullmq';
import { messageOf, NightjarError } from '@nightjar/common';
import type { Clock } from '@nightjar/common';
import type { JobsBackend } from './backend.js';
import type { AnyJobContract } from './contract.js';
import { checkCoverage } from './job-processor.js';
import type { JobProcessor } from './job-processor.js';

/** `retried`: this attempt failed and another follows; `failed`: it was the last one. */
export type JobResult = 'completed' | 'retried' | 'failed';

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

/** Jobs of one queue that a process works on at the same time. */
const CONCURRENCY = 4;
/** How the jobs of a worker that died come back. */
export interface JobTiming {
  /** A job whose worker has not been heard of for so long is given to another. */
  readonly lockMs: number;
  readonly stalledCheckMs: number;
}

const TIMING: JobTiming = { lockMs: 20_000, stalledCheckMs: 10_000 };
/** Pause after a failed fetch. The default of 15 s would also delay a graceful close by as much. */
const FETCH_RETRY_MS = 1_000;

/** The processing side: one BullMQ worker per queue, dispatching by job name. */
export class JobWorker {
  private readonly workers: ReturnType<typeof openWorker>[] = [];
  private readonly processors: ReadonlyMap<string, JobProcessor>;
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
  }

  /**
   * Starts working. On failure nothing runs and it may be called again.
   * @throws NightjarError `unavailable` while the backend is away
   */
  async start(): Promise<void> {
    await this.backend.connect();
    try {
      for (const queue of new Set(
        [...this.processors.values()].map(({ contract }) => contract.queue),
      )) {
        const worker = openWorker(this.backend, queue, this.timing, (job) => this.process(job));
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

  private async process(job: Job): Promise<void> {
    const startedMs = this.clock.monotonicMs();
    const report = (result: JobResult, reason?: string): void =>
      this.listener.finished(
        job.name,
        result,
        (this.clock.monotonicMs() - startedMs) / 1000,
        reason,
      );
    try {
      await this.run(job);
    } catch (error) {
      const last =
        error instanceof UnrecoverableError || job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
      report(last ? 'failed' : 'retried', messageOf(error));
      throw error;
    }
    report('completed');
  }

  private async run(job: Job): Promise<void> {
    const processor = this.processors.get(job.name);
    if (processor === undefined) throw new UnrecoverableError(`no processor for ${job.name}`);
    const data = processor.contract.schema.safeParse(job.data);
    if (!data.success) throw new UnrecoverableError(`invalid data: ${data.error.message}`);
    await processor.process(data.data, this.stopping.signal);
  }
}

function openWorker(
  backend: JobsBackend,
  queue: string,
  timing: JobTiming,
  process: (job: Job) => Promise<void>,
) {
  const options = {
    connection: backend.consumer,
    autorun: false,
    concurrency: CONCURRENCY,
    lockDuration: timing.lockMs,
    stalledInterval: timing.stalledCheckMs,
    runRetryDelay: FETCH_RETRY_MS,
  };
  return new Worker(queue, process, options, backend.factory);
}
