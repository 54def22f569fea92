import type { CatalogStream } from '@nightjar/catalog';
import type { Clock, Timer } from '@nightjar/common';
import { metrics } from '@nightjar/monitoring';

const EVERY_MS = 60_000;

/** Tells by metrics how far back footage reaches. While the catalog cannot be asked the last answer stays. */
export class CatalogGauges {
  private timer: Timer | undefined;
  private reading: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly timeline: { streams(): Promise<CatalogStream[]> },
    private readonly clock: Clock,
  ) {}

  start(): void {
    this.reading = this.read()
      .catch(() => undefined)
      .then(() => {
        if (!this.stopped) this.timer = this.clock.setTimer(EVERY_MS, () => this.start());
      });
  }

  /** Resolves when nothing is asked any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    await this.reading;
  }

  private async read(): Promise<void> {
    const streams = await this.timeline.streams();
    metrics.recordingOldestTimestampSeconds.reset();
    for (const { camera, stream, oldestMs } of streams)
      if (oldestMs !== undefined)
        metrics.recordingOldestTimestampSeconds.set({ camera, stream }, oldestMs / 1000);
  }
}
