import type { AccountEnd } from './account-record.js';
import type { JournalSink } from './journal.js';
import type { InterruptedRun } from './recovery.js';
import type { VolumeKeeper } from './volume-keeper.js';
import type { Volume } from './volume.js';

/** Where a run goes. */
export interface RecordingTarget {
  readonly volume: Volume;
  readonly journal: JournalSink;
}

/** A volume that is ready to be written to. */
export interface RecordingVolume extends RecordingTarget {
  /** The run of a stream that a crash ended, until another run of the stream begins. */
  interruptedRun(camera: string, stream: string): Promise<InterruptedRun | undefined>;
  /** How the account of each stream that was ever declared ended here. */
  accounts(): Promise<readonly AccountEnd[]>;
}

/** How recordings come by their volumes; the injection token of the same. */
export abstract class RecordingVolumes {
  /** @throws NightjarError with the reason while the volume cannot be used */
  abstract open(name: string): Promise<RecordingVolume>;
  /** Brings the figures of the volumes up to date. */
  abstract collect(): Promise<void>;
  /** Call it when nothing records any more. */
  abstract close(): Promise<void>;
}

/** The volumes of a process that keeps them for itself. */
export class OwnVolumes extends RecordingVolumes {
  private readonly writer = Symbol('this process');

  constructor(private readonly keeper: VolumeKeeper) {
    super();
  }

  override async open(name: string): Promise<RecordingVolume> {
    const { keeper, writer } = this;
    return {
      volume: await keeper.open(name),
      journal: { append: (record) => keeper.append(name, record, writer) },
      interruptedRun: (camera, stream) => keeper.interruptedRun(name, camera, stream),
      accounts: () => keeper.accounts(name),
    };
  }

  override collect(): Promise<void> {
    return this.keeper.collect();
  }

  override close(): Promise<void> {
    return this.keeper.close();
  }
}
