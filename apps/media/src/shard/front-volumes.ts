import type { JournalRecord } from '@nightjar/catalog';
import {
  RecordingVolumes,
  Volume,
  type AccountEnd,
  type OpenedVolume,
  type VolumeProblem,
  type VolumeStatus,
} from '@nightjar/recording';
import type { IpcCaller } from '@nightjar/supervision';

/** The volumes as a shard has them: the front checks them and keeps their journals, the shard writes the footage. */
export class FrontVolumes extends RecordingVolumes {
  private fromFront: readonly VolumeStatus[] = [];
  /** What the front has not confirmed yet: until then what it says may be older. */
  private readonly reported = new Map<string, VolumeProblem>();
  private readonly listeners: (() => void)[] = [];

  constructor(private readonly caller: Pick<IpcCaller, 'call'>) {
    super();
  }

  override async start(): Promise<void> {
    this.told(await this.caller.call<readonly VolumeStatus[]>('volumes', null as never));
  }

  /** The front has spoken. */
  told(statuses: readonly VolumeStatus[]): void {
    this.fromFront = statuses;
    this.changed();
  }

  override get statuses(): readonly VolumeStatus[] {
    if (this.reported.size === 0) return this.fromFront;
    return this.fromFront.map((status) => {
      const problem = status.problem ?? this.reported.get(status.name);
      return problem === undefined ? status : { ...status, problem };
    });
  }

  override onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  override async open(name: string): Promise<OpenedVolume> {
    const { caller } = this;
    const { id, root } = await caller.call<{ id: string; root: string }>('openVolume', { name });
    return {
      volume: await Volume.open(name, root, { expectedId: id }),
      journal: {
        append: (record: JournalRecord) => caller.call('append', { volume: name, record }),
      },
      accounts: () => caller.call<readonly AccountEnd[]>('accounts', { volume: name }),
    };
  }

  override failed(name: string, problem: VolumeProblem): void {
    if (this.reported.has(name)) return;
    this.reported.set(name, problem);
    this.changed();
    // A front that is gone ends this process by the channel.
    const confirmed = this.caller.call('volumeFailed', { name, problem }).catch(() => undefined);
    void confirmed.then(() => {
      this.reported.delete(name);
      this.changed();
    });
  }

  /** The front tells of them. */
  override collect(): void {
    // Nothing here.
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}
