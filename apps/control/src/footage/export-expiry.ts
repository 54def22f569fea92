import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type { Clock, Timer } from '@nightjar/common';
import type { JobQueue } from '@nightjar/jobs';
import { ExpireExports } from '@nightjar/playback';

const INTERVAL_MS = 15 * 60_000;

/** Has old exports deleted now and then. */
export class ExportExpiry implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: Timer | undefined;

  constructor(
    private readonly queue: JobQueue,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = this.clock.setTimer(INTERVAL_MS, () => {
      // While the queue is away exports stay a little longer.
      void this.queue.enqueue(ExpireExports, {}).catch(() => undefined);
      this.onApplicationBootstrap();
    });
  }

  onModuleDestroy(): void {
    this.timer?.cancel();
  }
}
