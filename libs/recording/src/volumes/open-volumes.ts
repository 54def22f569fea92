import type { CameraConfig, RecordingConfig } from '@nightjar/config';
import type { OpenedVolume, RecordingVolume, RecordingVolumes } from './recording-volumes.js';
import { chooseVolume } from './volume-choice.js';
import { isReadable, isWritable, problemOf, type VolumeStatus } from './volume-status.js';
import type { VolumeFailure } from './write-failure.js';

/** Of a camera that has only volumes that are never written. */
const NONE_ACTIVE = 'no-active-volume';

export interface OpenVolumesOptions {
  readonly volumes: RecordingVolumes;
  readonly placement: RecordingConfig['placement'];
}

/** The volumes of an installation as one process uses them: opened as soon as they can be, and chosen from. */
export class OpenVolumes {
  private readonly opened = new Map<string, RecordingVolume>();
  private readonly listeners: ((opened: RecordingVolume | undefined) => void)[] = [];
  /** Volumes that could not be opened. */
  private readonly refused = new Set<string>();
  /** One at a time. */
  private opening: Promise<void> = Promise.resolve();

  constructor(private readonly options: OpenVolumesOptions) {
    options.volumes.onChange(() => this.changed());
  }

  /** Opens the volumes that can be used, finishing what a crash left open; the others follow when they can be used. */
  async start(): Promise<void> {
    await this.options.volumes.start();
    this.changed();
    await this.opening;
  }

  /** Calls `listener` when the choice may have changed, with the volume if one was opened. */
  onChange(listener: (opened: RecordingVolume | undefined) => void): void {
    this.listeners.push(listener);
  }

  /** Why volumes cannot be used now; empty when all is well. */
  get problems(): readonly string[] {
    if (!this.statuses.some(({ state }) => state === 'active')) return ['no volume is active'];
    return this.statuses.flatMap(({ name, problem }) =>
      problem === undefined ? [] : [`volume ${name}: ${problem.message}`],
    );
  }

  /** Whether there is any volume to record on. */
  get writable(): boolean {
    return this.statuses.some(isWritable);
  }

  /** Whether what was opened under a name can be read now. */
  isReadable(name: string): boolean {
    return this.statuses.some((status) => status.name === name && isReadable(status));
  }

  /**
   * Where footage of a stream goes now; undefined while there is no volume for it. Cheap: ask it as often as you like.
   * @param current name of the volume it goes to
   */
  choose(camera: CameraConfig, stream: string, current?: string): RecordingVolume | undefined {
    const name = chooseVolume({
      volumes: this.candidates(camera).filter(({ name }) => this.opened.has(name)),
      placement: this.options.placement,
      stream: `${camera.name}/${stream}`,
      current,
    });
    return name === undefined ? undefined : this.opened.get(name);
  }

  /** Why there is no volume for a camera: the reason of the one it would prefer, or that none of its volumes is active. */
  reasonFor(camera: CameraConfig | undefined): VolumeFailure | typeof NONE_ACTIVE {
    const preferred = camera && this.candidates(camera)[0];
    if (camera !== undefined && preferred === undefined) return NONE_ACTIVE;
    return preferred?.problem?.reason ?? 'volume-missing';
  }

  /** All that are open, in the order of the configuration. */
  get all(): readonly RecordingVolume[] {
    return this.statuses.flatMap(({ name }) => this.opened.get(name) ?? []);
  }

  /** Whose journals may be written, the best first: an unhealthy one may still take a few bytes, or refuses them. */
  get journals(): readonly RecordingVolume[] {
    const rank = ({ state, problem }: VolumeStatus): number => {
      if (problem !== undefined) return problem.reason === 'disk-full' ? 2 : 3;
      return state === 'active' ? 0 : 1;
    };
    return this.statuses
      .filter(({ state }) => state !== 'read-only')
      .toSorted((a, b) => rank(a) - rank(b))
      .flatMap(({ name }) => this.opened.get(name) ?? []);
  }

  /** Brings the figures of the volumes up to date. */
  collect(): void {
    this.options.volumes.collect();
  }

  /** Call it when nothing records any more. */
  async close(): Promise<void> {
    await this.options.volumes.close();
    await this.opening;
  }

  private get statuses(): readonly VolumeStatus[] {
    return this.options.volumes.statuses;
  }

  /** Active volumes for a camera, the preferred first. */
  private candidates({ volumes }: CameraConfig): VolumeStatus[] {
    const { statuses } = this;
    const wanted =
      volumes === undefined
        ? statuses
        : volumes.flatMap((name) => statuses.find((status) => status.name === name) ?? []);
    return wanted.filter(({ state }) => state === 'active');
  }

  private changed(): void {
    this.tell(undefined);
    this.opening = this.opening.then(() => this.openNew());
  }

  private async openNew(): Promise<void> {
    for (const status of this.statuses) {
      const { name, id, problem } = status;
      if (!isReadable(status) || (problem !== undefined && this.refused.has(name))) continue;
      if (this.opened.get(name)?.volume.id === id) continue;
      try {
        const opened = await this.options.volumes.open(name);
        const volume = this.withHealth(name, opened);
        this.opened.set(name, volume);
        this.refused.delete(name);
        this.tell(volume);
      } catch (error) {
        // It is tried again when it has been found healthy.
        this.refused.add(name);
        this.options.volumes.failed(name, problemOf(error));
      }
    }
  }

  private withHealth(name: string, opened: OpenedVolume): RecordingVolume {
    const { volumes } = this.options;
    const status = (): VolumeStatus | undefined =>
      volumes.statuses.find((one) => one.name === name);
    // Another disk may have got the name: its health is not that of this one, nor the other way round.
    const isThere = (): boolean => status()?.id === opened.volume.id;
    const failure = (): VolumeFailure | undefined =>
      isThere() ? status()?.problem?.reason : 'volume-missing';
    return {
      ...opened,
      get failure() {
        return failure();
      },
      failed: (problem) => {
        if (isThere()) volumes.failed(name, problem);
      },
    };
  }

  private tell(opened: RecordingVolume | undefined): void {
    for (const listener of this.listeners) listener(opened);
  }
}
