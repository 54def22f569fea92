import type { CatalogStream } from '@nightjar/catalog';
import type { Clock } from '@nightjar/common';
import { metrics } from '@nightjar/monitoring';

const LEAST_INTERVAL_MS = 10_000;

/** Tells by metrics how far back footage reaches. While the catalog cannot be asked the last answer stays. */
export class CatalogGauges {
  private reading: Promise<void> | undefined;
  private readMs = -Infinity;

  constructor(
    private readonly timeline: { streams(): Promise<CatalogStream[]> },
    private readonly clock: Clock,
  ) {}

  /** Asks, at most each 10 s; a scrape does not wait for the answer, the next has it. */
  collect(): void {
    const nowMs = this.clock.monotonicMs();
    if (this.reading !== undefined || nowMs - this.readMs < LEAST_INTERVAL_MS) return;
    this.readMs = nowMs;
    this.reading = this.read()
      .catch(() => undefined)
      .finally(() => {
        this.reading = undefined;
      });
  }

  private async read(): Promise<void> {
    const streams = await this.timeline.streams();
    metrics.recordingOldestTimestampSeconds.reset();
    for (const { camera, stream, oldestMs } of streams)
      if (oldestMs !== undefined)
        metrics.recordingOldestTimestampSeconds.set({ camera, stream }, oldestMs / 1000);
  }
}
