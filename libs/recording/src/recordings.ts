import { messageOf, type Clock } from '@nightjar/common';
import type { CameraConfig } from '@nightjar/config';
import { metrics } from '@nightjar/monitoring';
import type { Relay, RelayStream } from '@nightjar/relay';
import { Archive } from './archive.js';
import { OpenVolumes } from './open-volumes.js';
import type { RecordingLog, RecordingMetrics, RecordingSettings } from './ports.js';
import { createRecorder, type Gap, type Recorder } from './recorder.js';
import type { RecordingVolume, RecordingVolumes } from './recording-volumes.js';
import { WallClock } from './wall-clock.js';

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
  private readonly volumes: OpenVolumes;
  private readonly attached = new Map<string, Attached>();
  private cameras: Readonly<Record<string, CameraConfig>> = {};
  /** One change at a time, in order. */
  private work: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly options: RecordingsOptions) {
    const { volumeNames: names, volumes, clock, log } = options;
    this.wallClock = new WallClock(clock);
    this.volumes = new OpenVolumes({ names, volumes, clock, log });
    this.volumes.onChange(({ volume }) => {
      this.archive.add(volume);
      // What had no volume may have one now.
      void this.enqueue(() => this.reconcile());
    });
    this.archive = new Archive({
      openSegment: (camera, stream) => this.attached.get(key(camera, stream))?.recorder.openSegment,
    });
  }

  /** Opens the volumes, finishing what a crash left open. A volume that fails is retried; the others are used meanwhile. */
  start(): Promise<void> {
    return this.volumes.start();
  }

  /** Why something that is declared cannot be recorded now; empty when all is well. */
  get problems(): readonly string[] {
    return this.volumes.problems;
  }

  /** Brings the figures of the volumes and of what waits for them up to date. */
  collect(): Promise<void> {
    for (const { source, recorder } of this.attached.values()) {
      const { camera, stream } = source;
      metrics.recordingQueueBytes.set({ camera, stream }, recorder.queuedBytes);
    }
    return this.volumes.collect();
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
    await this.volumes.close();
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
    const { camera, stream } = source;
    const chooseVolume = (): RecordingVolume | undefined => {
      const config = this.cameras[camera];
      return config === undefined ? undefined : this.volumes.choose(config);
    };
    // How the stream ended is told by its volumes.
    if (chooseVolume() === undefined) return;
    const { settings, log, metricsOf } = this.options;
    const openGap = await this.gapBefore(camera, stream);
    const recorder = createRecorder({
      camera,
      stream,
      previousHash: await this.archive.lastHash(camera, stream),
      chooseVolume,
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
  private async gapBefore(camera: string, stream: string): Promise<Gap | undefined> {
    const crashed = await this.volumes.interruptedRun(camera, stream);
    const last = await this.archive.last(camera, stream);
    // A later run may have begun on another volume.
    if (
      crashed !== undefined &&
      (last === undefined || last.run === crashed.run || crashed.endedAtMs >= last.endMs)
    )
      return { startMs: crashed.endedAtMs, reason: 'crash' };
    return last === undefined ? undefined : { startMs: last.endMs, reason: 'process-down' };
  }

  private async detach({ source, recorder }: Attached): Promise<void> {
    source.hub.detach(recorder);
    await recorder.stop();
    metrics.recordingQueueBytes.remove({ camera: source.camera, stream: source.stream });
  }
}

function key(camera: string, stream: string): string {
  return `${camera}/${stream}`;
}
