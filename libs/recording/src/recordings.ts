import { messageOf, type Clock } from '@nightjar/common';
import type { CameraConfig, VolumeConfig } from '@nightjar/config';
import { metrics } from '@nightjar/monitoring';
import type { Relay, RelayStream } from '@nightjar/relay';
import { Archive } from './archive.js';
import { Journal } from './journal.js';
import { KnownVolumes } from './known-volumes.js';
import type { RecordingLog, RecordingMetrics, RecordingSettings } from './ports.js';
import { createRecorder, type Gap, type Recorder } from './recorder.js';
import { recoverVolume, type InterruptedRun } from './recovery.js';
import { Volume } from './volume.js';
import { WallClock } from './wall-clock.js';

/** A volume that could not be opened is tried again after this. */
export const VOLUME_RETRY_MS = 10_000;

export interface RecordingsOptions {
  readonly relay: Relay;
  readonly volumes: Readonly<Record<string, VolumeConfig>>;
  /** Where the identities of the volumes are remembered. */
  readonly knownVolumesFile: string;
  readonly settings: RecordingSettings;
  readonly clock: Clock;
  readonly log: RecordingLog;
  readonly metricsOf: (camera: string, stream: string) => RecordingMetrics;
}

/** A volume that is ready to be written to. */
interface OpenVolume {
  readonly volume: Volume;
  readonly journal: Journal;
  readonly interrupted: readonly InterruptedRun[];
}

interface Attached {
  readonly source: RelayStream;
  readonly recorder: Recorder;
}

/** Keeps one recorder attached to every stream that is to be recorded, on the volumes of this process. */
export class Recordings {
  readonly archive: Archive;
  private readonly wallClock: WallClock;
  private readonly open = new Map<string, OpenVolume>();
  private readonly failures = new Map<string, string>();
  private readonly attached = new Map<string, Attached>();
  private cameras: Readonly<Record<string, CameraConfig>> = {};
  /** One change at a time, in order. */
  private work: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly options: RecordingsOptions) {
    this.wallClock = new WallClock(options.clock);
    this.archive = new Archive({
      openSegment: (camera, stream) => this.attached.get(key(camera, stream))?.recorder.openSegment,
    });
  }

  /** Opens the volumes, finishing what a crash left open. A volume that fails is retried; the others are used meanwhile. */
  async start(): Promise<void> {
    for (const name of Object.keys(this.options.volumes)) await this.openVolume(name);
  }

  /** Why something that is declared cannot be recorded now; empty when all is well. */
  get problems(): readonly string[] {
    return [...this.failures.values()];
  }

  /** Brings the figures of the volumes up to date. */
  async collect(): Promise<void> {
    for (const { volume } of this.open.values()) {
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

  /** Makes the recordings those of `cameras`; call it after the relay was changed. Others go on undisturbed. */
  apply(cameras: Readonly<Record<string, CameraConfig>>): Promise<void> {
    this.cameras = cameras;
    return this.enqueue(() => this.reconcile());
  }

  /** Ends every recording; resolves when all of it is on the disk. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.work;
    await Promise.all([...this.attached.values()].map((entry) => this.detach(entry)));
    this.attached.clear();
    await Promise.all([...this.open.values()].map(({ journal }) => journal.close()));
  }

  private enqueue(task: () => Promise<void>): Promise<void> {
    this.work = this.work.then(task).catch((error: unknown) => {
      this.options.log.error(
        { err: { message: messageOf(error) } },
        'recordings could not be changed',
      );
    });
    return this.work;
  }

  private async reconcile(): Promise<void> {
    if (this.stopped) return;
    const wanted = new Map<string, RelayStream>();
    for (const camera of Object.values(this.cameras)) {
      if (camera.record?.mode !== 'continuous') continue;
      const source = this.options.relay.get(camera.name, camera.record.stream);
      if (source !== undefined) wanted.set(key(camera.name, camera.record.stream), source);
    }
    for (const [id, entry] of this.attached) {
      if (wanted.get(id) === entry.source) continue;
      this.attached.delete(id);
      await this.detach(entry);
    }
    for (const [id, source] of wanted) {
      if (!this.attached.has(id)) await this.attach(id, source);
    }
  }

  private async attach(id: string, source: RelayStream): Promise<void> {
    // Every camera goes to the first volume that is there.
    const target = this.open.values().next().value;
    if (target === undefined) return;
    const { camera, stream } = source;
    const { settings, log, metricsOf } = this.options;
    const openGap = await this.gapBefore(camera, stream, target);
    const recorder = createRecorder({
      camera,
      stream,
      volume: target.volume,
      journal: target.journal,
      clock: this.wallClock,
      settings,
      log,
      metricsSink: metricsOf(camera, stream),
      ...(openGap === undefined ? {} : { openGap }),
    });
    this.attached.set(id, { source, recorder });
    source.hub.attach(recorder, { fromKeyframe: true });
  }

  /** Where the footage of a stream ended before this process, and whether it ended in order. */
  private async gapBefore(
    camera: string,
    stream: string,
    target: OpenVolume,
  ): Promise<Gap | undefined> {
    const crashed = target.interrupted.find(
      (run) => run.camera === camera && run.stream === stream,
    );
    if (crashed !== undefined) return { startMs: crashed.endedAtMs, reason: 'crash' };
    const last = await this.archive.last(camera, stream);
    return last === undefined ? undefined : { startMs: last.endMs, reason: 'process-down' };
  }

  private async detach({ source, recorder }: Attached): Promise<void> {
    source.hub.detach(recorder);
    await recorder.stop();
  }

  private async openVolume(name: string): Promise<void> {
    const { clock, log, volumes } = this.options;
    const { path } = volumes[name]!;
    try {
      const known = await KnownVolumes.load(this.options.knownVolumesFile);
      const expectedId = known.idOf(name, path);
      const volume = await Volume.open(name, path, expectedId === undefined ? {} : { expectedId });
      await known.remember(name, path, volume.id);
      const journal = await Journal.open(volume.journalDirectory, clock);
      const { interrupted } = await recoverVolume(volume, journal, log);
      this.open.set(name, { volume, journal, interrupted });
      this.archive.add(volume);
      if (this.failures.delete(name)) log.info({ volume: name }, 'the volume is back');
    } catch (error) {
      const problem = `volume ${name}: ${messageOf(error)}`;
      if (this.failures.get(name) !== problem) log.error({ volume: name }, problem);
      this.failures.set(name, problem);
      clock.setTimer(VOLUME_RETRY_MS, () => {
        if (this.stopped) return;
        void this.enqueue(async () => {
          await this.openVolume(name);
          await this.reconcile();
        });
      });
    }
  }
}

function key(camera: string, stream: string): string {
  return `${camera}/${stream}`;
}
