import type { SchedulerRegistry } from '@nestjs/schedule';
import { messageOf } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import type { JobQueue } from '@nightjar/jobs';
import type { Logger } from '@nightjar/monitoring';
import { RetentionSweep } from '@nightjar/retention';

const NAME = 'retention.sweep';

/** Enqueues a sweep of every volume at start and then each `retention.intervalMs`. A sweep still going on is not doubled. */
export class RetentionSchedule {
  private failing = false;

  constructor(
    private readonly queue: JobQueue,
    private readonly registry: SchedulerRegistry,
    private readonly config: NightjarConfig,
    private readonly logger: Logger,
  ) {}

  start(): void {
    void this.enqueueAll();
    this.registry.addInterval(
      NAME,
      setInterval(() => void this.enqueueAll(), this.config.retention.intervalMs),
    );
  }

  stop(): void {
    if (this.registry.doesExist('interval', NAME)) this.registry.deleteInterval(NAME);
  }

  /** Never rejects: while the queue is away the next round tries again. */
  async enqueueAll(): Promise<void> {
    try {
      for (const volume of Object.keys(this.config.volumes))
        await this.queue.enqueue(RetentionSweep, { volume });
      this.failing = false;
    } catch (error) {
      if (!this.failing)
        this.logger.warn({ err: messageOf(error) }, 'retention cannot be scheduled; trying on');
      this.failing = true;
    }
  }
}
