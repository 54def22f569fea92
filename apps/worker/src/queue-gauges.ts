import type { Clock, Timer } from '@nightjar/common';
import type { JobDesk } from '@nightjar/jobs';
import { metrics } from '@nightjar/monitoring';

const EVERY_MS = 15_000;

/** Tells by metrics how much work waits in the queues. While they cannot be asked the last answer stays. */
export class QueueGauges {
  private readonly queues: readonly string[];
  private timer: Timer | undefined;
  private reading: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly desk: Pick<JobDesk, 'counts' | 'oldestWaitingMs'>,
    queues: readonly string[],
    private readonly clock: Clock,
  ) {
    this.queues = [...new Set(queues)];
  }

  start(): void {
    this.reading = this.read().then(() => {
      if (!this.stopped) this.timer = this.clock.setTimer(EVERY_MS, () => this.start());
    });
  }

  /** Resolves when nothing is asked any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    await this.reading;
  }

  /** Never rejects: that the queue is away is told, and counted, by the worker itself. */
  private async read(): Promise<void> {
    for (const queue of this.queues) await this.readQueue(queue).catch(() => undefined);
  }

  private async readQueue(queue: string): Promise<void> {
    const counts = await this.desk.counts(queue);
    for (const [state, count] of Object.entries(counts))
      metrics.queueJobs.set({ queue, state }, count);
    const oldestMs = await this.desk.oldestWaitingMs(queue);
    const waitedMs = oldestMs === undefined ? 0 : this.clock.wallMs() - oldestMs;
    metrics.queueOldestWaitingSeconds.set({ queue }, Math.max(0, waitedMs) / 1000);
  }
}
