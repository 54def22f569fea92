import type { Clock, Timer } from '@nightjar/common';
import type { RecordOf } from '../journal/journal-records.js';
import type { RecordingTarget } from '../volumes/recording-volumes.js';
import { finishSegment } from '../segments/recovery.js';
import type { VolumeQueues } from '../volumes/volume-queues.js';

/** After a failed write a new run is tried after this, */
export const FIRST_RETRY_MS = 1_000;
/** twice as long each time, but not longer than this. */
export const MAX_RETRY_MS = 30_000;

/** Something of a failed run that must be put right before the next. */
export interface Repair {
  /** Of the run. */
  readonly target: RecordingTarget;
  readonly run: string;
  readonly endMs: number;
  readonly reason: string;
  readonly segment: RecordOf<'segment-opened'> | undefined;
}

/** What the failed runs of one stream leave to be done, and when another may be tried. */
export class FailedRuns {
  private repairs: Repair[] = [];
  private retryMs = FIRST_RETRY_MS;
  private retryAtMs = -Infinity;
  private timer: Timer | undefined;
  private lastFailed = false;

  constructor(
    private readonly stream: { readonly camera: string; readonly stream: string },
    private readonly queues: VolumeQueues,
    private readonly clock: Clock,
  ) {}

  /** Whether nothing was written since the last failure. */
  get failing(): boolean {
    return this.lastFailed;
  }

  get mayTry(): boolean {
    return this.clock.monotonicMs() >= this.retryAtMs;
  }

  /**
   * @param repair undefined: the journal knows nothing of the run
   * @param elsewhere the footage goes on on another volume, which need not wait for this one
   */
  failed(repair: Repair | undefined, elsewhere: boolean): void {
    if (repair !== undefined) this.repairs.push(repair);
    if (elsewhere) return;
    this.lastFailed = true;
    this.retryAtMs = this.clock.monotonicMs() + this.retryMs;
    this.timer?.cancel();
    this.timer = this.clock.setTimer(this.retryMs, () => this.repair());
    this.retryMs = Math.min(this.retryMs * 2, MAX_RETRY_MS);
  }

  written(): void {
    this.retryMs = FIRST_RETRY_MS;
    this.lastFailed = false;
  }

  /** Finishes the files of failed runs; what still cannot be done is left for the next time, or for recovery. */
  repair(): void {
    for (const item of this.repairs) {
      const { volume, journal, failure } = item.target;
      if (failure !== undefined) continue;
      this.queues.of(volume).push(0, async () => {
        if (!this.repairs.includes(item)) return;
        const { run, endMs: endedAtMs, reason, segment } = item;
        await volume.verify();
        if (segment !== undefined)
          await volume.lane.run(() => finishSegment(volume, journal, segment));
        await journal.append({ type: 'run-ended', run, ...this.stream, endedAtMs, reason });
        this.repairs = this.repairs.filter((other) => other !== item);
      });
    }
  }

  close(): void {
    this.timer?.cancel();
  }
}
