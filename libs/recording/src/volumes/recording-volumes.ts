import { metrics } from '@nightjar/monitoring';
import type { AccountEnd } from '../account/account-record.js';
import type { JournalSink } from '../journal/journal.js';
import type { VolumeKeeper } from './volume-keeper.js';
import type { VolumeMonitor } from './volume-monitor.js';
import type { VolumeProblem, VolumeStatus } from './volume-status.js';
import type { Volume } from './volume.js';
import type { VolumeFailure } from './write-failure.js';

/** Where a run goes. */
export interface RecordingTarget {
  readonly volume: Volume;
  readonly journal: JournalSink;
  /** Why nothing more should be written here; undefined: all is well. */
  readonly failure?: VolumeFailure | undefined;
  /** Says that a write failed here, or that the disk cannot keep up. */
  failed?(problem: VolumeProblem): void;
}

/** A volume that was opened: to be written to if its state and health allow it, to be read else. */
export interface OpenedVolume {
  readonly volume: Volume;
  readonly journal: JournalSink;
  /** How the account of each stream that was ever declared ended here. */
  accounts(): Promise<readonly AccountEnd[]>;
}

/** A volume that is ready to be written to. */
export interface RecordingVolume extends RecordingTarget, OpenedVolume {}

/** How recordings come by their volumes, and know how they are; the injection token of the same. */
export abstract class RecordingVolumes {
  /** Begins to watch the volumes; resolves when the state of each is known. */
  abstract start(): Promise<void>;
  /** In the order of the configuration. */
  abstract get statuses(): readonly VolumeStatus[];
  /** Calls `listener` whenever the statuses have changed. */
  abstract onChange(listener: () => void): void;
  /** @throws NightjarError with the reason while the volume cannot be used */
  abstract open(name: string): Promise<OpenedVolume>;
  /** Says that a write to a volume failed; it shows in the statuses at once. */
  abstract failed(name: string, problem: VolumeProblem): void;
  /** Brings the figures of the volumes up to date. */
  abstract collect(): void;
  /** Call it when nothing records any more. */
  abstract close(): Promise<void>;
}

/** The volumes of a process that keeps them for itself. */
export class OwnVolumes extends RecordingVolumes {
  private readonly writer = Symbol('this process');

  constructor(
    private readonly keeper: VolumeKeeper,
    private readonly monitor: VolumeMonitor,
  ) {
    super();
  }

  override start(): Promise<void> {
    return this.monitor.start();
  }

  override get statuses(): readonly VolumeStatus[] {
    return this.monitor.statuses;
  }

  override onChange(listener: () => void): void {
    this.monitor.onChange(listener);
  }

  override async open(name: string): Promise<OpenedVolume> {
    const { keeper, writer } = this;
    return {
      volume: await keeper.open(name),
      journal: { append: (record) => keeper.append(name, record, writer) },
      accounts: () => keeper.accounts(name),
    };
  }

  override failed(name: string, problem: VolumeProblem): void {
    this.monitor.failed(name, problem);
  }

  override collect(): void {
    collectVolumes(this.monitor.statuses);
  }

  override async close(): Promise<void> {
    void this.monitor.stop();
    await this.keeper.close();
  }
}

/** Sets the figures of space; a volume that is not there has none. */
export function collectVolumes(statuses: readonly VolumeStatus[]): void {
  for (const { name: volume, freeBytes, sizeBytes } of statuses) {
    if (freeBytes === undefined) metrics.volumeFreeBytes.remove({ volume });
    else metrics.volumeFreeBytes.set({ volume }, freeBytes);
    if (sizeBytes === undefined) metrics.volumeSizeBytes.remove({ volume });
    else metrics.volumeSizeBytes.set({ volume }, sizeBytes);
  }
}
