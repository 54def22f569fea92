import type { Clock, Timer } from '@nightjar/common';
import type { VolumeConfig } from '@nightjar/config';
import { metrics } from '@nightjar/monitoring';
import type { RecordingLog } from '../ports.js';
import type { VolumeFacts } from './volume-keeper.js';
import { problemOf, type VolumeProblem, type VolumeStatus } from './volume-status.js';

/** A healthy volume is checked and measured this often. */
export const CHECK_MS = 10_000;
/** A check that takes longer finds the volume too slow to be used. */
export const STALL_MS = 5_000;
/** An unhealthy volume is checked again after this, */
export const FIRST_PROBE_MS = 1_000;
/** twice as long each time, but not longer than this. */
export const MAX_PROBE_MS = 30_000;
/** Who fails again within this time after it was healthy goes on where it was with its waiting. */
export const TRUST_MS = 60_000;
/** Share of `minFreeBytes` that is never used: below it a volume is full, before a write is torn. */
export const RESERVE_SHARE = 0.25;
/** A change of free space below this share of the size is not told of. */
const TELLING_SHARE = 0.01;

/** What a volume is checked by; both reject while it cannot be used. */
export interface VolumeChecks {
  /** Makes sure that the right disk is there. */
  measure(name: string): Promise<VolumeFacts>;
  /** Makes sure that a volume that was measured can be used for what its state allows. */
  probe(name: string): Promise<void>;
}

export interface VolumeMonitorOptions {
  readonly volumes: Readonly<Record<string, VolumeConfig>>;
  /** Who has the volumes. */
  readonly keeper: VolumeChecks;
  /** Whether the metrics of this process tell of the volumes: of all processes of an installation one does. */
  readonly metrics: boolean;
  readonly clock: Clock;
  readonly log: RecordingLog;
}

interface Watched {
  readonly name: string;
  readonly config: VolumeConfig;
  status: VolumeStatus;
  /** Free space that was told last. */
  toldFreeBytes: number | undefined;
  checking: boolean;
  /** The check that was begun last. */
  lastCheck: Promise<void>;
  /** A write failed while the check ran: what it finds may be older. */
  failedMeanwhile: boolean;
  waitMs: number;
  healthySinceMs: number;
  timer: Timer | undefined;
}

/** Knows how the volumes of an installation are: checks each of them regularly, and is told of writes that failed. */
export class VolumeMonitor {
  private readonly watched: ReadonlyMap<string, Watched>;
  private readonly listeners: (() => void)[] = [];
  private stopped = false;

  constructor(private readonly options: VolumeMonitorOptions) {
    this.watched = new Map(
      Object.entries(options.volumes).map(([name, config]) => [
        name,
        {
          name,
          config,
          status: {
            name,
            path: config.path,
            state: config.state,
            problem: { reason: 'volume-missing', message: 'not opened yet' },
          },
          toldFreeBytes: undefined,
          checking: false,
          lastCheck: Promise.resolve(),
          failedMeanwhile: false,
          waitMs: FIRST_PROBE_MS,
          healthySinceMs: -Infinity,
          timer: undefined,
        },
      ]),
    );
    for (const { name, config } of this.watched.values()) {
      if (options.metrics) {
        metrics.volumeInfo.set({ volume: name, state: config.state }, 1);
        metrics.volumeMinFreeBytes.set({ volume: name }, config.minFreeBytes);
      }
    }
  }

  /** Checks every volume once and goes on with it; resolves when all have answered or are too slow. */
  async start(): Promise<void> {
    await Promise.all([...this.watched.values()].map((volume) => this.check(volume)));
  }

  /** In the order of the configuration. */
  get statuses(): readonly VolumeStatus[] {
    return [...this.watched.values()].map(({ status }) => status);
  }

  /** Calls `listener` when a volume fails, is healthy again, is another one, or has notably more or less space. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** A write failed, or could not keep up: the volume is not used until a check finds it healthy. */
  failed(name: string, problem: VolumeProblem): void {
    const volume = this.watched.get(name);
    if (volume === undefined || this.stopped) return;
    this.count(volume, problem);
    volume.failedMeanwhile = volume.checking;
    if (volume.status.problem !== undefined) return;
    this.becomeUnhealthy(volume, problem);
    if (!volume.checking) this.checkAfter(volume, volume.waitMs);
  }

  /** Begins no more checks. Resolves when those under way have ended or are too slow; nobody has to wait for that. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const { timer } of this.watched.values()) timer?.cancel();
    await Promise.all([...this.watched.values()].map(({ lastCheck }) => lastCheck));
  }

  /** Resolves when the volume has answered or is too slow; one check of a volume at a time, however long it takes. */
  private check(volume: Watched): Promise<void> {
    const { clock } = this.options;
    volume.checking = true;
    volume.failedMeanwhile = false;
    volume.lastCheck = new Promise((resolve) => {
      const stalled = clock.setTimer(STALL_MS, () => {
        const message = `${volume.config.path} has not answered for ${STALL_MS / 1_000} s`;
        this.found(volume, { reason: 'disk-slow', message });
        resolve();
      });
      void this.examine(volume)
        .catch(problemOf)
        .then((problem) => {
          stalled.cancel();
          volume.checking = false;
          if (this.stopped) return;
          if (!volume.failedMeanwhile || problem !== undefined) this.found(volume, problem);
          this.checkAfter(volume, volume.status.problem === undefined ? CHECK_MS : volume.waitMs);
        })
        .finally(resolve);
    });
    return volume.lastCheck;
  }

  private async examine(volume: Watched): Promise<VolumeProblem | undefined> {
    const { keeper } = this.options;
    const facts = await keeper.measure(volume.name);
    volume.status = { ...volume.status, ...facts };
    const full = fullness(volume);
    if (full === undefined) await keeper.probe(volume.name);
    return full;
  }

  private checkAfter(volume: Watched, ms: number): void {
    volume.timer?.cancel();
    volume.timer = this.options.clock.setTimer(ms, () => void this.check(volume));
    if (volume.status.problem !== undefined)
      volume.waitMs = Math.min(volume.waitMs * 2, MAX_PROBE_MS);
  }

  private found(volume: Watched, problem: VolumeProblem | undefined): void {
    const { status } = volume;
    if (problem === undefined) {
      if (status.problem !== undefined) this.becomeHealthy(volume);
      else if (this.hasNews(volume)) this.tell(volume);
    } else if (status.problem === undefined) {
      this.count(volume, problem);
      this.becomeUnhealthy(volume, problem);
    } else if (status.problem.message !== problem.message) {
      if (status.problem.reason !== problem.reason) this.count(volume, problem);
      volume.status = unhealthy(status, problem);
      this.show(volume);
      this.options.log.error({ volume: volume.name, reason: problem.reason }, problem.message);
      this.tell(volume);
    }
  }

  private becomeUnhealthy(volume: Watched, problem: VolumeProblem): void {
    const nowMs = this.options.clock.monotonicMs();
    if (nowMs - volume.healthySinceMs > TRUST_MS) volume.waitMs = FIRST_PROBE_MS;
    volume.status = unhealthy(volume.status, problem);
    this.show(volume);
    this.options.log.error(
      { volume: volume.name, reason: problem.reason },
      `volume ${volume.name} is not used: ${problem.message}`,
    );
    this.tell(volume);
  }

  private becomeHealthy(volume: Watched): void {
    const { problem: _over, ...rest } = volume.status;
    volume.status = rest;
    volume.healthySinceMs = this.options.clock.monotonicMs();
    this.show(volume);
    this.options.log.info({ volume: volume.name }, 'the volume can be used');
    this.tell(volume);
  }

  private count({ name }: Watched, { reason }: VolumeProblem): void {
    if (this.options.metrics) metrics.volumeFailures.inc({ volume: name, reason });
  }

  private show({ name, status }: Watched): void {
    if (this.options.metrics)
      metrics.volumeHealthy.set({ volume: name }, status.problem === undefined ? 1 : 0);
  }

  private hasNews({ status, toldFreeBytes }: Watched): boolean {
    if (status.freeBytes === undefined || toldFreeBytes === undefined) return true;
    return (
      Math.abs(status.freeBytes - toldFreeBytes) >= TELLING_SHARE * (status.sizeBytes ?? Infinity)
    );
  }

  private tell(volume: Watched): void {
    volume.toldFreeBytes = volume.status.freeBytes;
    for (const listener of this.listeners) listener();
  }
}

/** A volume that was full has to have twice the reserve before it is used again. */
function fullness({ config, status }: Watched): VolumeProblem | undefined {
  const { freeBytes } = status;
  if (config.state !== 'active' || freeBytes === undefined) return undefined;
  const reserveBytes = config.minFreeBytes * RESERVE_SHARE;
  const wasFull = status.problem?.reason === 'disk-full';
  if (freeBytes >= (wasFull ? 2 : 1) * reserveBytes) return undefined;
  const message = `${config.path} is full: only the reserve of a quarter of minFreeBytes is left`;
  return { reason: 'disk-full', message };
}

/** Nothing is known of the space of a disk that does not answer. */
function unhealthy(status: VolumeStatus, problem: VolumeProblem): VolumeStatus {
  if (problem.reason === 'disk-full') return { ...status, problem };
  const { freeBytes: _free, sizeBytes: _size, ...rest } = status;
  return { ...rest, problem };
}
