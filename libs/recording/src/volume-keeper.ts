import type { JournalRecord } from '@nightjar/catalog';
import { messageOf, NightjarError, type Clock } from '@nightjar/common';
import type { VolumeConfig } from '@nightjar/config';
import { metrics } from '@nightjar/monitoring';
import type { AccountEnd } from './account-record.js';
import { Journal } from './journal.js';
import { KnownVolumes } from './known-volumes.js';
import type { RecordingLog } from './ports.js';
import { recoverVolume, type InterruptedRun } from './recovery.js';
import { Volume } from './volume.js';

export interface VolumeKeeperOptions {
  readonly volumes: Readonly<Record<string, VolumeConfig>>;
  /** Where the identities of the volumes are remembered. */
  readonly knownVolumesFile: string;
  readonly clock: Clock;
  readonly log: RecordingLog;
}

/** Who appends to a journal: whoever dies leaves open what it began, and nobody else's. */
export type Writer = symbol;

interface Kept {
  readonly volume: Volume;
  readonly journal: Journal;
  /** Writers of the runs that were begun and not ended since this process opened the volume. */
  readonly writers: Map<string, Writer>;
  /** Runs whose writer is gone and that are not finished yet. */
  readonly abandoned: Set<string>;
  /** By stream: what a crash ended and nobody has taken up again. */
  readonly interrupted: Map<string, InterruptedRun>;
  /** One recovery at a time. */
  recovering: Promise<void>;
}

/**
 * The one owner of the volumes of an installation: identities, journals, and the recovery of what a crash left open. However
 * many processes record, there is one journal per volume, and it is written here.
 */
export class VolumeKeeper {
  private readonly kept = new Map<string, Kept>();
  private readonly opening = new Map<string, Promise<Kept>>();
  private closed = false;

  constructor(private readonly options: VolumeKeeperOptions) {}

  /**
   * Opens a volume, or gives the one that is open, after finishing what processes that are gone left open there. Whoever
   * records must have asked for it before.
   * @throws NightjarError as {@link Volume.open}, the error of the file system, or `cancelled` once closed
   */
  async open(name: string): Promise<Volume> {
    const kept = await this.use(name);
    await this.recoverAbandoned(kept);
    return kept.volume;
  }

  /**
   * Adds one record to the journal of a volume that was opened.
   * @throws as {@link Journal.append}
   */
  async append(name: string, record: JournalRecord, writer: Writer): Promise<void> {
    const { journal, writers, interrupted } = await this.use(name);
    // Before it is durable: who dies meanwhile may leave it in the journal.
    if (record.type === 'run-started') writers.set(record.run, writer);
    await journal.append(record);
    if (record.type === 'run-started') interrupted.delete(key(record));
    if (record.type === 'run-ended') writers.delete(record.run);
  }

  /** The run of a stream that a crash ended, until another run of the stream begins. */
  async interruptedRun(
    name: string,
    camera: string,
    stream: string,
  ): Promise<InterruptedRun | undefined> {
    return (await this.use(name)).interrupted.get(key({ camera, stream }));
  }

  /** How the account of each stream ended on a volume, runs that a crash ended included. */
  async accounts(name: string): Promise<readonly AccountEnd[]> {
    const { journal, interrupted } = await this.use(name);
    const ends = new Map(journal.accountEnds.map((end) => [key(end), end]));
    for (const [id, { camera, stream, endedAtMs: endMs }] of interrupted) {
      if (endMs < (ends.get(id)?.endMs ?? -Infinity)) continue;
      const crashed = { inOrder: false, withdrawn: false, unwanted: undefined };
      ends.set(id, { camera, stream, endMs, ...crashed });
    }
    return [...ends.values()];
  }

  /** Finishes what a writer left open that is gone for certain. What fails is tried again at the next {@link open}. */
  async recoverFrom(writer: Writer): Promise<void> {
    for (const [name, kept] of this.kept) {
      for (const [run, by] of kept.writers) {
        if (by !== writer) continue;
        kept.writers.delete(run);
        kept.abandoned.add(run);
      }
      try {
        await this.recoverAbandoned(kept);
      } catch (error) {
        this.options.log.error(
          { volume: name, err: { message: messageOf(error) } },
          'what a process left open cannot be finished now',
        );
      }
    }
  }

  /** Brings the figures of the volumes up to date. */
  async collect(): Promise<void> {
    for (const { volume } of this.kept.values()) {
      try {
        const { freeBytes, sizeBytes } = await volume.space();
        metrics.volumeFreeBytes.set({ volume: volume.name }, freeBytes);
        metrics.volumeSizeBytes.set({ volume: volume.name }, sizeBytes);
      } catch {
        // A volume that is not there has no free space to tell of.
        metrics.volumeFreeBytes.remove({ volume: volume.name });
      }
    }
  }

  /** Closes the journals; whoever still records is refused. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled(this.opening.values());
    await Promise.all([...this.kept.values()].map(({ journal }) => journal.close()));
  }

  private async use(name: string): Promise<Kept> {
    const kept = this.kept.get(name);
    if (kept !== undefined) return kept;
    const opening = this.opening.get(name) ?? this.openVolume(name);
    this.opening.set(name, opening);
    try {
      return await opening;
    } finally {
      this.opening.delete(name);
    }
  }

  private async openVolume(name: string): Promise<Kept> {
    const { clock, volumes, knownVolumesFile } = this.options;
    const path = volumes[name]?.path;
    if (path === undefined)
      throw new NightjarError('not-found', 'recording/volume', `no volume ${name}`);
    if (this.closed) throw new NightjarError('cancelled', 'recording/closed', 'recording ends');
    const known = await KnownVolumes.load(knownVolumesFile);
    const expectedId = known.idOf(name, path);
    const volume = await Volume.open(name, path, expectedId === undefined ? {} : { expectedId });
    await known.remember(name, path, volume.id);
    const journal = await Journal.open(volume.journalDirectory, clock);
    const kept: Kept = {
      volume,
      journal,
      writers: new Map(),
      abandoned: new Set([
        ...journal.openRuns.map(({ record }) => record.run),
        ...journal.openSegments.map(({ run }) => run),
      ]),
      interrupted: new Map(),
      recovering: Promise.resolve(),
    };
    try {
      await this.recoverAbandoned(kept);
    } catch (error) {
      await journal.close();
      throw error;
    }
    this.kept.set(name, kept);
    return kept;
  }

  private async recoverAbandoned(kept: Kept): Promise<void> {
    const recovery = kept.recovering.then(() => this.recover(kept));
    kept.recovering = recovery.catch(() => undefined);
    await recovery;
  }

  private async recover({ volume, journal, abandoned, interrupted }: Kept): Promise<void> {
    if (abandoned.size === 0) return;
    const runs = new Set(abandoned);
    const report = await recoverVolume(volume, journal, this.options.log, (run) => runs.has(run));
    for (const run of report.interrupted) interrupted.set(key(run), run);
    for (const run of runs) abandoned.delete(run);
  }
}

function key({ camera, stream }: { readonly camera: string; readonly stream: string }): string {
  return `${camera}/${stream}`;
}
