import type { Catalog } from '@nightjar/catalog';
import { messageOf, NightjarError } from '@nightjar/common';
import type { Clock } from '@nightjar/common';
import type { JobQueue, JobWorker } from '@nightjar/jobs';
import type { Logger, Readiness } from '@nightjar/monitoring';
import { gaugeDatabase } from '@nightjar/role';
import type { CatalogGauges } from './catalog-gauges.js';
import type { JournalFeeder } from './journal-feeder.js';
import type { QueueGauges } from './queue-gauges.js';
import type { VolumeWatch } from './volume-watch.js';

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 10_000;

export interface WorkerParts {
  readonly catalog: Catalog;
  readonly feeders: readonly JournalFeeder[];
  /** Owns the backend that `jobs` works on too. */
  readonly queue: JobQueue;
  readonly watch: VolumeWatch;
  readonly jobs: JobWorker;
  readonly gauges: QueueGauges;
  readonly footage: CatalogGauges;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly queueAway: (reason: string) => void;
}

/** The life of the worker role: catalog, then feeders and jobs; each waits for its server as long as it takes. */
export class WorkerService {
  private readonly stopping = new AbortController();
  private starting: Promise<void> = Promise.resolve();
  private jobsRun = false;

  constructor(private readonly parts: WorkerParts) {}

  /** Returns at once; see {@link ready}. */
  start(): void {
    this.starting = this.bringUp().catch((error: unknown) => {
      if (!(error instanceof NightjarError && error.kind === 'cancelled')) throw error;
    });
  }

  async ready(): Promise<Readiness> {
    const reasons: string[] = [];
    await this.parts.catalog.ping().catch((error: unknown) => reasons.push(messageOf(error)));
    if (!this.jobsRun) reasons.push('the job worker has not started');
    return { ready: reasons.length === 0, reasons };
  }

  /** Brings the figures up to date that are only needed when somebody scrapes. */
  collect(): Promise<void> {
    this.parts.footage.collect();
    return gaugeDatabase(() => this.parts.catalog.ping(), this.parts.clock);
  }

  async stop(): Promise<void> {
    const { catalog, feeders, gauges, jobs, queue, watch } = this.parts;
    this.stopping.abort();
    await this.starting;
    const loops = [jobs.close(), gauges.stop(), watch.stop()];
    await Promise.all([...feeders.map((feeder) => feeder.stop()), ...loops]);
    await queue.close();
    await catalog.close();
  }

  private async bringUp(): Promise<void> {
    const { catalog, feeders, watch, clock, logger } = this.parts;
    await catalog.connectEventually(clock, this.stopping.signal);
    logger.info('the catalog is connected');
    for (const feeder of feeders) feeder.start();
    watch.start();
    await this.startJobs();
  }

  private async startJobs(): Promise<void> {
    for (
      let delayMs = FIRST_RETRY_MS;
      !this.stopping.signal.aborted;
      delayMs = Math.min(2 * delayMs, LAST_RETRY_MS)
    ) {
      try {
        await this.parts.jobs.start();
        this.jobsRun = true;
        this.parts.gauges.start();
        return;
      } catch (error) {
        this.parts.queueAway(messageOf(error));
      }
      await this.pause(delayMs);
    }
  }

  private async pause(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.parts.clock.setTimer(delayMs, resolve);
      this.stopping.signal.addEventListener(
        'abort',
        () => {
          timer.cancel();
          resolve();
        },
        { once: true },
      );
    });
  }
}
