import {
  labelProcess,
  metrics,
  type Logger,
  type MetricJson,
  type OperationsSource,
} from '@nightjar/monitoring';
import type { Arrival } from './arrival.js';
import type { LoadBook } from './load-book.js';
import { place, shardLoads, type Pair, type Placement } from './placement.js';
import type { ShardSlot } from './shard-slot.js';

/** A slot and how monitoring asks its process. */
export interface Shard {
  readonly slot: ShardSlot;
  readonly source: OperationsSource;
}

/** All media processes of an installation: who has which camera, and what they tell of themselves. */
export class Shards {
  private placement: Placement = new Map();

  constructor(
    private readonly shards: readonly Shard[],
    private readonly book: LoadBook,
    private readonly log: Logger,
  ) {}

  /** Makes the cameras these; who stays, stays where it is. */
  assign(cameras: readonly string[], together: readonly Pair[] = []): void {
    this.book.keep(new Set(cameras));
    const { loads } = this.book;
    this.placement = place(cameras, this.shards.length, loads, this.placement, together);
    for (const [index, { slot }] of this.shards.entries()) {
      const own = cameras.filter((camera) => this.placement.get(camera) === index);
      if (own.join() === slot.cameras.join()) continue;
      slot.assign(own);
      this.log.info({ shard: index, cameras: own }, 'cameras of a media process');
    }
  }

  /** Gives a connection to the shard of the camera, or to the one with least to do when it is about none. */
  handOver(arrival: Arrival, camera: string | undefined): void {
    const index = camera === undefined ? undefined : this.placement.get(camera);
    const slot = index === undefined ? this.leastLoaded() : this.shards[index]?.slot;
    slot?.take(arrival);
  }

  /** Why not all cameras are served; empty when all is well. */
  async problems(): Promise<string[]> {
    const reasons = await Promise.all(
      this.shards.map(async ({ slot, source }) => {
        if (!slot.serving) return ['does not serve'];
        const { ready, reasons: own } = await source
          .ready()
          .catch(() => ({ ready: false, reasons: ['does not answer'] }));
        if (ready) return [];
        return own.length > 0 ? own : ['not ready'];
      }),
    );
    return reasons.flatMap((own, index) => own.map((reason) => `shard ${index}: ${reason}`));
  }

  /** Brings the figures of the shards up to date. */
  collect(): void {
    const loads = shardLoads(this.placement, this.shards.length, this.book.loads);
    for (const [index, { slot }] of this.shards.entries()) {
      const labels = { shard: String(index) };
      metrics.mediaShardUp.set(labels, slot.serving ? 1 : 0);
      metrics.mediaShardCameras.set(labels, slot.cameras.length);
      metrics.mediaShardLoad.set(labels, Math.round(loads[index] ?? 0));
    }
  }

  /** The series of all shards; those of one that does not answer are missing. */
  async series(): Promise<MetricJson[]> {
    const answers = await Promise.allSettled(this.shards.map(({ source }) => source.metrics()));
    return answers.flatMap((answer, index) =>
      answer.status === 'fulfilled' ? labelProcess(String(index), answer.value) : [],
    );
  }

  private leastLoaded(): ShardSlot | undefined {
    const loads = shardLoads(this.placement, this.shards.length, this.book.loads);
    const byLoad = this.shards
      .map(({ slot }, index) => ({ slot, load: loads[index] ?? 0 }))
      .sort((a, b) => a.load - b.load);
    return (byLoad.find(({ slot }) => slot.serving) ?? byLoad[0])?.slot;
  }
}
