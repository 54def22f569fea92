import type { Catalog } from '@nightjar/catalog';
import { messageOf, type Clock, type Timer } from '@nightjar/common';
import type { VolumeConfig } from '@nightjar/config';
import type { Logger } from '@nightjar/monitoring';
import { VolumeMonitor, type VolumeFacts } from '@nightjar/recording';
import type { VolumeRegistry } from './volume-registry.js';

/** The catalog is told at least this often; at once when a volume fails or is healthy again. */
const TELL_MS = 30_000;

export interface VolumeWatchOptions {
  readonly volumes: Readonly<Record<string, VolumeConfig>>;
  readonly registry: VolumeRegistry;
  readonly catalog: Pick<Catalog, 'volumes'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Keeps the catalog informed of how the volumes are, as this process finds them. */
export class VolumeWatch {
  private readonly monitor: VolumeMonitor;
  private failing = false;
  private telling: Promise<void> = Promise.resolve();
  private waiting = false;
  private timer: Timer | undefined;
  private stopped = false;

  constructor(private readonly options: VolumeWatchOptions) {
    const { volumes, registry, clock } = options;
    const probe = async (name: string): Promise<void> => {
      if (volumes[name]?.state === 'active') await (await registry.get(name)).probeWriting();
    };
    const measure = async (name: string): Promise<VolumeFacts> => {
      const volume = await registry.get(name);
      return { id: volume.id, ...(await volume.space()) };
    };
    // The media role says aloud what is wrong.
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    this.monitor = new VolumeMonitor({
      volumes,
      keeper: { measure, probe },
      metrics: false,
      clock,
      log,
    });
    this.monitor.onChange(() => this.tell());
  }

  start(): void {
    void this.monitor.start().then(() => this.tell());
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    void this.monitor.stop();
    await this.telling;
  }

  /** One at a time; what changes meanwhile is told once. */
  private tell(): void {
    if (this.waiting || this.stopped) return;
    this.waiting = true;
    this.telling = this.telling.then(async () => {
      this.waiting = false;
      if (this.stopped) return;
      const { catalog, clock, logger } = this.options;
      this.timer?.cancel();
      try {
        await catalog.volumes.observe(this.monitor.statuses, new Date(clock.wallMs()));
        this.failing = false;
      } catch (error) {
        if (!this.failing)
          logger.warn({ reason: messageOf(error) }, 'the catalog cannot be told of the volumes');
        this.failing = true;
      }
      this.timer = clock.setTimer(TELL_MS, () => this.tell());
    });
  }
}
