import { messageOf, type Clock } from '@nightjar/common';
import type { CameraConfig } from '@nightjar/config';
import { metrics } from '@nightjar/monitoring';
import type { Relay, RelayStream } from '@nightjar/relay';
import { Archive } from './archive.js';
import type { RecordingLog, RecordingMetrics, RecordingSettings } from './ports.js';
import { createRecorder, type Gap, type Recorder } from './recorder.js';
import type { RecordingVolume, RecordingVolumes } from './recording-volumes.js';
import { WallClock } from './wall-clock.js';

/** A volume that could not be opened is tried again after this. */
export const VOLUME_RETRY_MS = 10_000;

export interface RecordingsOptions {
  readonly relay: Relay;
  /** Names of the volumes, the one to be preferred first. */
  readonly volumeNames: readonly string[];
  readonly volumes: RecordingVolumes;
  readonly settings: RecordingSettings;
  readonly clock: Clock;
  readonly log: RecordingLog;
  readonly metricsOf: (camera: string, stream: string) => RecordingMetrics;
}

interface Attached {
  readonly source: RelayStream;
  readonly recorder: Recorder;
}

/** Keeps one recorder attached to every stream that is to be recorded, on the volumes of this process. */
export class Recordings {
  readonly archive: Archive;
  private readonly wallClock: WallClock;
  private readonly open = new Map<string, RecordingVolume>();
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
    for (const name of this.options.volumeNames) await this.openVolume(name);
  }

  /** Why something that is declared cannot be recorded now; empty when all is well. */
  get problems(): readonly string[] {
    return [...this.failures.values()];
  }

  /** Brings the figures of the volumes and of what waits for them up to date. */
  collect(): Promise<void> {
    for (const { source, recorder } of this.attached.values()) {
      const { camera, stream } = source;
      metrics.recordingQueueBytes.set({ camera, stream }, recorder.queuedBytes);
    }
    return this.options.volumes.collect();
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
    await this.options.volumes.close();
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
      for (const { stream, mode } of camera.record) {
        if (mode !== 'continuous') continue;
        const source = this.options.relay.get(camera.name, stream);
        if (source !== undefined) wanted.set(key(camera.name, stream), source);
      }
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
      previousHash: await this.archive.lastHash(camera, stream),
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
    target: RecordingVolume,
  ): Promise<Gap | undefined> {
    const crashed = await target.interruptedRun(camera, stream);
    if (crashed !== undefined) return { startMs: crashed.endedAtMs, reason: 'crash' };
    const last = await this.archive.last(camera, stream);
    return last === undefined ? undefined : { startMs: last.endMs, reason: 'process-down' };
  }

  private async detach({ source, recorder }: Attached): Promise<void> {
    source.hub.detach(recorder);
    await recorder.stop();
    metrics.recordingQueueBytes.remove({ camera: source.camera, stream: source.stream });
  }

  private async openVolume(name: string): Promise<void> {
    const { clock, log, volumes } = this.options;
    try {
      const opened = await volumes.open(name);
      this.open.set(name, opened);
      this.archive.add(opened.volume);
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
