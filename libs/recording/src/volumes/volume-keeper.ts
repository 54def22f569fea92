import type { JournalRecord } from '@nightjar/catalog';
import { messageOf, NightjarError, type Clock } from '@nightjar/common';
import type { VolumeConfig } from '@nightjar/config';
import type { AccountEnd } from '../account/account-record.js';
import { Journal } from '../journal/journal.js';
import { KnownVolumes } from './known-volumes.js';
import type { RecordingLog } from '../ports.js';
import { recoverVolume, type InterruptedRun } from '../segments/recovery.js';
import { Volume } from './volume.js';
import { writeFailureOf } from './write-failure.js';

export interface VolumeKeeperOptions {
  readonly volumes: Readonly<Record<string, VolumeConfig>>;
  /** Where the identities of the volumes are remembered. */
  readonly knownVolumesFile: string;
  readonly clock: Clock;
  readonly log: RecordingLog;
}

/** What a volume is measured by. */
export interface VolumeFacts {
  readonly id: string;
  readonly freeBytes: number;
  readonly sizeBytes: number;
}

/** Who appends to a journal: whoever dies leaves open what it began, and nobody else's. */
export type Writer = symbol;

interface Kept {
  readonly volume: Volume;
  /** None for a volume that is only read. */
  readonly journal: Journal | undefined;
  /** A check failed, so that what is open may be of a disk that went away. */
  doubtful: boolean;
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
  private remembering: Promise<void> = Promise.resolve();
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
   * Measures a volume; opens it if need be, and again where `nightjar volume adopt` gave its name to another disk.
   * @throws as {@link open}
   */
  async measure(name: string): Promise<VolumeFacts> {
    let kept = await this.use(name);
    if (await this.isReplaced(kept)) {
      await this.letGo(kept);
      kept = await this.use(name);
    }
    return { id: kept.volume.id, ...(await kept.volume.space()) };
  }

  /**
   * Makes sure that a volume that was measured can be used for what its state allows, and puts in order what it missed. Writes
   * a small file to one that is active.
   * @throws as {@link Volume.probeWriting} and {@link Journal.reopen}
   */
  async probe(name: string): Promise<void> {
    const kept = await this.use(name);
    const { volume, journal } = kept;
    try {
      if (this.options.volumes[name]?.state === 'active') await volume.probeWriting();
      if (journal !== undefined && (kept.doubtful || journal.failing)) await journal.reopen();
      kept.doubtful = false;
    } catch (error) {
      await doubt(kept, error);
      throw error;
    }
    await this.recoverAbandoned(kept);
  }

  /**
   * Adds one record to the journal of a volume that was opened.
   * @throws NightjarError `recording/read-only-volume`, or as {@link Journal.append}
   */
  async append(name: string, record: JournalRecord, writer: Writer): Promise<void> {
    const { journal, writers, interrupted } = await this.use(name);
    if (journal === undefined) {
      const message = `volume ${name} is declared read-only`;
      throw new NightjarError('conflict', 'recording/read-only-volume', message, { volume: name });
    }
    // Before it is durable: who dies meanwhile may leave it in the journal.
    if (record.type === 'run-started') writers.set(record.run, writer);
    await journal.append(record);
    if (record.type === 'run-started') interrupted.delete(key(record));
    if (record.type === 'run-ended') writers.delete(record.run);
  }

  /** How the account of each stream ended on a volume, runs that a crash ended included. */
  async accounts(name: string): Promise<readonly AccountEnd[]> {
    const { journal, interrupted } = await this.use(name);
    const ends = new Map((journal?.accountEnds ?? []).map((end) => [key(end), end]));
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

  /** Closes the journals; whoever still records is refused. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled(this.opening.values());
    await Promise.all([...this.kept.values()].flatMap(({ journal }) => journal?.close() ?? []));
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
    const config = volumes[name];
    if (config === undefined)
      throw new NightjarError('not-found', 'recording/volume', `no volume ${name}`);
    const { path, state } = config;
    if (this.closed) throw new NightjarError('cancelled', 'recording/closed', 'recording ends');
    const known = await KnownVolumes.load(knownVolumesFile);
    const expectedId = known.idOf(name, path);
    // A new volume is only where footage can go.
    const adopt = state === 'active' ? config.adopt : 'never';
    const volume = await Volume.open(
      name,
      path,
      expectedId === undefined ? { adopt } : { expectedId },
    );
    await this.remember(volume);
    const journal =
      state === 'read-only' ? undefined : await Journal.open(volume.journalDirectory, clock);
    const kept: Kept = {
      volume,
      journal,
      doubtful: false,
      writers: new Map(),
      abandoned: new Set([
        ...(journal?.openRuns.map(({ record }) => record.run) ?? []),
        ...(journal?.openSegments.map(({ run }) => run) ?? []),
      ]),
      interrupted: new Map(),
      recovering: Promise.resolve(),
    };
    try {
      await this.recoverAbandoned(kept);
    } catch (error) {
      await journal?.close();
      throw error;
    }
    this.kept.set(name, kept);
    return kept;
  }

  /** Another disk is there, and the operator has said that it is this volume now. */
  private async isReplaced(kept: Kept): Promise<boolean> {
    try {
      await kept.volume.verify();
      return false;
    } catch (error) {
      await doubt(kept, error);
      const { volume } = kept;
      const known = await KnownVolumes.load(this.options.knownVolumesFile);
      const id = known.idOf(volume.name, volume.root);
      if (id === undefined || id === volume.id) throw error;
      return true;
    }
  }

  /** Forgets a volume that will not come back; what it left open is found when its disk is used again. */
  private async letGo({ volume, journal }: Kept): Promise<void> {
    this.kept.delete(volume.name);
    await journal?.close().catch(() => undefined);
  }

  /** One after the other: volumes are opened side by side. */
  private remember({ name, root, id }: Volume): Promise<void> {
    const remembered = this.remembering.then(async () => {
      const known = await KnownVolumes.load(this.options.knownVolumesFile);
      await known.remember(name, root, id);
    });
    this.remembering = remembered.catch(() => undefined);
    return remembered;
  }

  private async recoverAbandoned(kept: Kept): Promise<void> {
    const recovery = kept.recovering.then(() => this.recover(kept));
    kept.recovering = recovery.catch(() => undefined);
    await recovery;
  }

  private async recover({ volume, journal, abandoned, interrupted }: Kept): Promise<void> {
    if (abandoned.size === 0 || journal === undefined) return;
    const runs = new Set(abandoned);
    const report = await recoverVolume(volume, journal, this.options.log, (run) => runs.has(run));
    for (const run of report.interrupted) interrupted.set(key(run), run);
    for (const run of runs) abandoned.delete(run);
  }
}

function key({ camera, stream }: { readonly camera: string; readonly stream: string }): string {
  return `${camera}/${stream}`;
}

/** Holds nothing open on a volume that may have to be unmounted; a full one still takes the few bytes of a record. */
async function doubt(kept: Kept, error: unknown): Promise<void> {
  kept.doubtful = true;
  if (writeFailureOf(error) !== 'disk-full') await kept.journal?.release();
}
