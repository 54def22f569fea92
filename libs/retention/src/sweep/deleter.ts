import type { CondemnedSegment, RetentionRepository } from '@nightjar/catalog';
import { messageOf, NightjarError } from '@nightjar/common';
import type { Clock } from '@nightjar/common';
import type { Evaluation } from '../plan/evaluate.js';
import type { SegmentRemover } from './segment-remover.js';

/** The volume as retention needs it; `Volume` of recording is one. */
export interface RetentionVolume {
  readonly id: string;
  readonly root: string;
  /** Throws if another disk or none is mounted. */
  verify(): Promise<void>;
  space(): Promise<{ readonly freeBytes: number }>;
}

export interface DeleterOptions {
  readonly repository: RetentionRepository;
  readonly volume: RetentionVolume;
  readonly remover: SegmentRemover;
  readonly clock: Clock;
  /** Told after each batch of files is gone and recorded. */
  deleted(segments: readonly CondemnedSegment[]): void;
}

/** How much may go, and what is written down with it. */
export interface DeletionOrder {
  readonly evaluation: Evaluation;
  readonly maxSegments: number;
  readonly maxBytes: number;
  readonly detail: object;
  /** Throws if the volume is not ours to sweep any more. */
  stillOurs(): Promise<void>;
  /** Told of each batch that was condemned. */
  condemned(segments: number, bytes: number): Promise<void>;
}

/** Segments condemned, and removed, per round. */
const PAGE = 500;

/** Carries a plan out on one volume, in two phases, oldest footage first. Can be repeated after a crash at any line. */
export class Deleter {
  private readonly failures = new Map<string, unknown>();

  constructor(
    private readonly options: DeleterOptions,
    private readonly signal: AbortSignal,
  ) {}

  /** Deletes until nothing is left of the plan, its bounds are reached, or the signal aborts; between batches. */
  async carryOut(order: DeletionOrder): Promise<void> {
    const { evaluation, detail } = order;
    const places = evaluation.places.filter(({ volumeId }) => volumeId === this.options.volume.id);
    let fromMs: number | undefined;
    let { maxSegments, maxBytes } = order;
    while (!this.signal.aborted && maxSegments > 0 && maxBytes > 0) {
      await order.stillOurs();
      const batch = await this.options.repository.condemn({
        lines: evaluation.lines,
        places,
        nowMs: evaluation.nowMs,
        fromMs,
        limit: Math.min(PAGE, maxSegments),
        detail,
      });
      if (batch.segments === 0) return;
      await order.condemned(batch.segments, batch.bytes);
      await this.finish();
      maxSegments -= batch.segments;
      maxBytes -= batch.bytes;
      fromMs = batch.newestMs ?? undefined;
    }
  }

  /** Second phase, for whatever is condemned: unlink, confirm, record and drop the row. Each step can be repeated. */
  async finish(): Promise<void> {
    const { repository, volume, remover, clock } = this.options;
    let after: CondemnedSegment | undefined;
    while (!this.signal.aborted) {
      const batch = await repository.condemned(volume.id, after, PAGE);
      if (batch.length === 0) return;
      // A file that is missing counts as removed, so this must be the right disk.
      await volume.verify();
      const failed = await remover.remove(batch.map(({ path }) => path));
      for (const [path, error] of failed) this.failures.set(path, error);
      const gone = batch.filter(({ path }) => !failed.has(path));
      await remover.removeEmptyDirectories(gone, clock.wallMs());
      await repository.bury(gone);
      this.options.deleted(gone);
      after = batch.at(-1);
    }
  }

  /** @throws NightjarError if files could not be removed; those stay condemned */
  complain(): void {
    const first = this.failures.entries().next().value;
    if (first === undefined) return;
    const [path, error] = first;
    throw new NightjarError(
      'unavailable',
      'retention/not-removed',
      `${this.failures.size} segments could not be removed, the first: ${path}: ${messageOf(error)}`,
      { path },
      error,
    );
  }
}
