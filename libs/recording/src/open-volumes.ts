import { messageOf, type Clock } from '@nightjar/common';
import type { CameraConfig } from '@nightjar/config';
import type { RecordingLog } from './ports.js';
import type { InterruptedRun } from './recovery.js';
import type { RecordingVolume, RecordingVolumes } from './recording-volumes.js';

/** A volume that could not be opened is tried again after this. */
export const VOLUME_RETRY_MS = 10_000;

export interface OpenVolumesOptions {
  /** Names of the volumes, the one to be preferred first. */
  readonly names: readonly string[];
  readonly volumes: RecordingVolumes;
  readonly clock: Clock;
  readonly log: RecordingLog;
}

/** The volumes of an installation as one process uses them: opened, retried, and chosen from. */
export class OpenVolumes {
  private readonly open = new Map<string, RecordingVolume>();
  private readonly failures = new Map<string, string>();
  private readonly listeners: ((opened: RecordingVolume) => void)[] = [];
  private closed = false;

  constructor(private readonly options: OpenVolumesOptions) {}

  /** Opens the volumes, finishing what a crash left open. A volume that fails is retried; the others are used meanwhile. */
  async start(): Promise<void> {
    for (const name of this.options.names) await this.openVolume(name);
  }

  /** Calls `listener` for every volume that is opened, also long after the start: what had no volume may have one now. */
  onChange(listener: (opened: RecordingVolume) => void): void {
    this.listeners.push(listener);
  }

  /** Why something that is declared cannot be recorded now; empty when all is well. */
  get problems(): readonly string[] {
    return [...this.failures.values()];
  }

  /** Where footage of a camera goes now; undefined while there is no volume for it. Cheap: ask it for every run. */
  choose(camera: CameraConfig): RecordingVolume | undefined {
    const names = camera.volumes ?? this.options.names;
    for (const name of names) {
      const volume = this.open.get(name);
      if (volume !== undefined) return volume;
    }
    return undefined;
  }

  /** The volumes that can be written to, preferred first. */
  get all(): readonly RecordingVolume[] {
    return this.options.names.flatMap((name) => this.open.get(name) ?? []);
  }

  /** The newest run of a stream that a crash ended, on any volume, until another run of the stream begins there. */
  async interruptedRun(camera: string, stream: string): Promise<InterruptedRun | undefined> {
    let newest: InterruptedRun | undefined;
    for (const volume of this.open.values()) {
      const run = await volume.interruptedRun(camera, stream);
      if (run !== undefined && run.endedAtMs > (newest?.endedAtMs ?? -Infinity)) newest = run;
    }
    return newest;
  }

  /** Brings the figures of the volumes up to date. */
  collect(): Promise<void> {
    return this.options.volumes.collect();
  }

  /** Call it when nothing records any more. */
  async close(): Promise<void> {
    this.closed = true;
    await this.options.volumes.close();
  }

  private async openVolume(name: string): Promise<void> {
    const { clock, log, volumes } = this.options;
    try {
      const opened = await volumes.open(name);
      this.open.set(name, opened);
      if (this.failures.delete(name)) log.info({ volume: name }, 'the volume is back');
      for (const listener of this.listeners) listener(opened);
    } catch (error) {
      const problem = `volume ${name}: ${messageOf(error)}`;
      if (this.failures.get(name) !== problem) log.error({ volume: name }, problem);
      this.failures.set(name, problem);
      clock.setTimer(VOLUME_RETRY_MS, () => {
        if (!this.closed) void this.openVolume(name);
      });
    }
  }
}
