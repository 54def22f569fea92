import type { IQueueBackend, Job } from 'bullmq';
import { UnrecoverableError, WaitingError } from 'bullmq';
import type { Clock } from '@nightjar/common';
import { NightjarError } from '@nightjar/common';
import { CANCEL_MARK, CancelWatch } from './cancellation.js';
import type { JobContract } from './contract.js';
import type { JobContext, JobProcessor } from './job-processor.js';
import { ProgressReports } from './progress.js';

/** A result is kept with the job and shown to people; footage belongs in a file. */
const MAX_RESULT_BYTES = 64 * 1024;

/** What ends an attempt early, with the fate of the job: dropped for good, or given back for another worker. */
export class AttemptCancelled extends UnrecoverableError {}
export class AttemptReturned extends WaitingError {}

/** One attempt at one job: the processor and everything that it is told. */
export class JobAttempt {
  private readonly ending = new AbortController();
  private cancelled = false;

  /**
   * @param stopping aborts when the worker stops
   * @param troubled told of what fails beside the job itself, such as a report that could not be stored
   */
  constructor(
    private readonly job: Job,
    private readonly processor: JobProcessor,
    private readonly backend: Pick<IQueueBackend, 'getJobLogs'>,
    private readonly clock: Clock,
    private readonly stopping: AbortSignal,
    private readonly troubled: (error: unknown) => void,
  ) {}

  /**
   * @returns what the job leaves behind
   * @throws AttemptCancelled, AttemptReturned, UnrecoverableError where trying again is of no use, or what the processor throws
   */
  async run(): Promise<unknown> {
    const data = this.processor.contract.schema.safeParse(this.job.data);
    if (!data.success) throw new UnrecoverableError(`invalid data: ${data.error.message}`);
    if (await this.isMarked()) return this.dropped();
    // BullMQ may take one more job while it is being closed: the one that was just given back, for instance.
    if (this.stopping.aborted) return await this.givenBack();
    const stop = (): void => this.ending.abort(cancelledBy('the worker stops'));
    this.stopping.addEventListener('abort', stop);
    const watch = new CancelWatch(
      this.clock,
      () => this.isMarked(),
      () => {
        this.cancelled = true;
        this.ending.abort(cancelledBy('the job was cancelled'));
      },
      this.troubled,
    );
    const progress = new ProgressReports(
      this.clock,
      (report) => this.job.updateProgress(report),
      this.troubled,
    );
    try {
      const result = await this.processor.process(data.data, this.context(progress));
      return resultOf(this.processor.contract, result);
    } catch (error) {
      if (this.cancelled) return this.dropped();
      if (this.stopping.aborted) return await this.givenBack();
      throw error;
    } finally {
      this.stopping.removeEventListener('abort', stop);
      watch.close();
      progress.close();
    }
  }

  private context(progress: ProgressReports): JobContext {
    return {
      id: idOf(this.job),
      attempt: this.job.attemptsMade + 1,
      signal: this.ending.signal,
      report: (fraction, note) => progress.report(fraction, note),
      parts: ({ part }) => this.partResults(part),
    };
  }

  private async isMarked(): Promise<boolean> {
    const { logs } = await this.backend.getJobLogs(idOf(this.job), 0, -1, true);
    return logs.includes(CANCEL_MARK);
  }

  /** A cancelled job is no dead letter. */
  private dropped(): never {
    this.job.opts.removeOnFail = true;
    throw new AttemptCancelled('cancelled');
  }

  /** Back to the others as if it had never been taken; the attempt does not count. */
  private async givenBack(): Promise<never> {
    await this.job.moveToWait(this.job.token);
    throw new AttemptReturned();
  }

  private async partResults<Result>(
    part: Pick<JobContract<unknown, Result>, 'name' | 'result'>,
  ): Promise<Result[]> {
    const values = Object.entries(await this.job.getChildrenValues<unknown>());
    const ordered = values.toSorted(([a], [b]) => positionOf(a) - positionOf(b));
    return ordered.map(([, value]) => {
      const parsed = part.result?.safeParse(value);
      if (parsed?.success !== true)
        throw new NightjarError(
          'conflict',
          'jobs/part-result',
          `${part.name} left nothing that could be used`,
          { job: part.name },
        );
      return parsed.data;
    });
  }
}

/** The id of a part ends with its position in the flow; see `JobQueue.enqueueFlow`. */
export function partId(whole: string, position: number): string {
  return `${whole}.${position}`;
}

function positionOf(key: string): number {
  return Number(key.slice(key.lastIndexOf('.') + 1));
}

function idOf(job: Job): string {
  return job.id ?? '';
}

function cancelledBy(message: string): NightjarError {
  return new NightjarError('cancelled', 'jobs/cancelled', message);
}

/** @throws UnrecoverableError for what cannot be kept: the processor has a bug that another attempt does not mend */
function resultOf(contract: JobContract<unknown, unknown>, result: unknown): unknown {
  if (contract.result === undefined) return null;
  const parsed = contract.result.safeParse(result);
  if (!parsed.success)
    throw new UnrecoverableError(`${contract.name}: result: ${parsed.error.message}`);
  const bytes = Buffer.byteLength(JSON.stringify(parsed.data) ?? '');
  if (bytes > MAX_RESULT_BYTES)
    throw new UnrecoverableError(
      `${contract.name}: a result of ${bytes} bytes; ${MAX_RESULT_BYTES} are kept`,
    );
  return parsed.data;
}
