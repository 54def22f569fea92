import type { SchedulerRegistry } from '@nestjs/schedule';
import { messageOf } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import {
  CatalogReconcile,
  CHECK_INTERVAL_MS,
  IntegrityCheck,
  SignCheckpoints,
  VolumeScan,
} from '@nightjar/integrity';
import type { JobQueue } from '@nightjar/jobs';
import { CompletenessRollUp } from '@nightjar/ledger';
import type { Logger } from '@nightjar/monitoring';
import { ExpireExports, MakeHourStrips } from '@nightjar/playback';
import { RetentionSweep } from '@nightjar/retention';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What reads a whole volume waits until a start is over; one after the other, so that the second finds what the first made. */
const RECONCILE_AFTER_MS = 10 * 60_000;
const SCAN_AFTER_MS = 20 * 60_000;

/** Work that comes again and again. */
export interface Recurring {
  /** Name of its timer. */
  readonly name: string;
  readonly everyMs: number;
  /** When it is due first, from the start of Nightjar on; not only after {@link everyMs}, for few run so long. */
  readonly firstAfterMs: number;
  enqueue(queue: JobQueue): Promise<unknown>;
}

/** Everything that control has done on schedule. A job that still waits or runs is not doubled: each has a dedupe key. */
export function recurringJobs(config: NightjarConfig): Recurring[] {
  const volumes = Object.keys(config.volumes);
  const forVolumes =
    (contract: typeof IntegrityCheck) =>
    async (queue: JobQueue): Promise<void> => {
      for (const volume of volumes) await queue.enqueue(contract, { volume });
    };
  return [
    {
      name: RetentionSweep.name,
      everyMs: config.retention.intervalMs,
      firstAfterMs: 0,
      enqueue: forVolumes(RetentionSweep),
    },
    {
      name: IntegrityCheck.name,
      everyMs: CHECK_INTERVAL_MS,
      firstAfterMs: CHECK_INTERVAL_MS,
      enqueue: forVolumes(IntegrityCheck),
    },
    {
      name: CatalogReconcile.name,
      everyMs: DAY_MS,
      firstAfterMs: RECONCILE_AFTER_MS,
      enqueue: forVolumes(CatalogReconcile),
    },
    {
      name: VolumeScan.name,
      everyMs: DAY_MS,
      firstAfterMs: SCAN_AFTER_MS,
      enqueue: forVolumes(VolumeScan),
    },
    {
      name: SignCheckpoints.name,
      everyMs: HOUR_MS,
      firstAfterMs: 0,
      enqueue: (queue) => queue.enqueue(SignCheckpoints, {}),
    },
    {
      name: CompletenessRollUp.name,
      everyMs: HOUR_MS,
      firstAfterMs: 0,
      enqueue: (queue) => queue.enqueue(CompletenessRollUp, {}),
    },
    {
      name: ExpireExports.name,
      everyMs: HOUR_MS,
      firstAfterMs: 0,
      enqueue: (queue) => queue.enqueue(ExpireExports, {}),
    },
    {
      name: MakeHourStrips.name,
      everyMs: HOUR_MS,
      firstAfterMs: 0,
      enqueue: (queue) => queue.enqueue(MakeHourStrips, {}),
    },
  ];
}

/** Enqueues recurring jobs at their times. */
export class JobSchedule {
  private failing = false;

  constructor(
    private readonly queue: JobQueue,
    private readonly registry: SchedulerRegistry,
    private readonly jobs: readonly Recurring[],
    private readonly logger: Logger,
  ) {}

  start(): void {
    for (const job of this.jobs) {
      if (job.firstAfterMs === 0) this.repeat(job);
      else
        this.registry.addTimeout(
          job.name,
          setTimeout(() => this.repeat(job), job.firstAfterMs),
        );
    }
  }

  stop(): void {
    for (const { name } of this.jobs) {
      if (this.registry.doesExist('timeout', name)) this.registry.deleteTimeout(name);
      if (this.registry.doesExist('interval', name)) this.registry.deleteInterval(name);
    }
  }

  private repeat(job: Recurring): void {
    void this.enqueue(job);
    this.registry.addInterval(
      job.name,
      setInterval(() => void this.enqueue(job), job.everyMs),
    );
  }

  /** Never rejects: while the queue is away the next round tries again. */
  private async enqueue(job: Recurring): Promise<void> {
    try {
      await job.enqueue(this.queue);
      this.failing = false;
    } catch (error) {
      if (!this.failing)
        this.logger.warn(
          { job: job.name, err: messageOf(error) },
          'a job cannot be scheduled; trying on',
        );
      this.failing = true;
    }
  }
}
