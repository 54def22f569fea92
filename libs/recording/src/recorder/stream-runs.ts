import type { Account, AccountedRun } from '../account/account.js';
import { createSegmentFile, inLane } from '../segments/durable-files.js';
import { FailedRuns } from './failed-runs.js';
import { loggedError } from './recorder-options.js';
import type { RecorderOptions } from './recorder-options.js';
import type { RecordingTarget } from '../volumes/recording-volumes.js';
import type { RunFailure } from './run-context.js';
import { Run } from './run.js';
import type { RunTrack } from './run-track.js';
import { SegmentChain } from '../segments/segment-chain.js';
import { setAside } from '../segments/set-aside.js';
import { VolumeQueues } from '../volumes/volume-queues.js';
import { problemOf } from '../volumes/volume-status.js';
import { writeFailureOf } from '../volumes/write-failure.js';

/** Of a stream that no volume can take. */
export const NO_VOLUME = 'volume-missing';

/** A run, where it goes, and what the account knows of it. */
export interface Current {
  readonly run: Run;
  readonly target: RecordingTarget;
  readonly accounted: AccountedRun;
}

/** The runs of one stream on their way to volumes: which one, its queue, the chain of segments, and what fails. */
export class StreamRuns {
  private readonly queues: VolumeQueues;
  private readonly chain: SegmentChain;
  private readonly failures: FailedRuns;
  private latest: Run | undefined;

  /** @param broken is told of a run of which nothing more is written */
  constructor(
    private readonly options: RecorderOptions,
    private readonly account: Account,
    private readonly broken: (current: Pick<Current, 'run'>) => void,
  ) {
    const { settings, clock, camera, stream } = options;
    this.chain = options.chain ?? new SegmentChain(null);
    this.queues = new VolumeQueues(settings.queueBytes, (error) =>
      this.logError(error, 'writing failed'),
    );
    this.failures = new FailedRuns({ camera, stream }, this.queues, clock.source);
  }

  /** Whether nothing was written since a write failed. */
  get failing(): boolean {
    return this.failures.failing;
  }

  /** Bytes that wait for disks. */
  get queuedBytes(): number {
    return this.queues.bytes;
  }

  /** Resolves when nothing waits for a disk. */
  idle(): Promise<void> {
    return this.queues.idle();
  }

  /** No run is started any more. */
  close(): void {
    this.failures.close();
  }

  /** Lets so many more bytes wait that were in memory before. */
  grant(bytes: number): void {
    const target = this.options.chooseVolume();
    if (target !== undefined) this.queues.of(target.volume).grant(bytes);
  }

  /** Begins a run, if there is a volume that takes it now. @param fromMs about where it begins */
  start(leader: RunTrack, followers: readonly RunTrack[], fromMs: number): Current | undefined {
    const { settings, log } = this.options;
    if (leader.config === undefined || !this.failures.mayTry) return undefined;
    const target = this.options.chooseVolume();
    if (target === undefined) {
      this.account.because(this.reasonOr(NO_VOLUME));
      return undefined;
    }
    if (this.queues.of(target.volume).bytes > settings.queueBytes / 2) return undefined;
    this.failures.repair();
    const accounted = this.account.runBegins(fromMs);
    const run = this.make(target, accounted, [leader, ...followers]);
    this.latest = run;
    log.info({ ...this.labels, run: run.id, volume: target.volume.name }, 'recording');
    return { run, target, accounted };
  }

  /**
   * Whether a run should go on elsewhere from a keyframe on: at once when its volume is not healthy, where a segment would
   * begin when another is preferred.
   * @returns why it ends
   */
  leaves({ run, target }: Current, ticks: number): string | undefined {
    const { failure } = target;
    const boundary = run.turnsAt(ticks);
    if (boundary) this.failures.repair();
    if ((failure === undefined && !boundary) || !this.isElsewhere(target)) return undefined;
    const elsewhere = this.options.chooseVolume() !== undefined;
    return failure ?? (elsewhere ? 'volume-change' : undefined);
  }

  /** A fragment found no room in the queue. */
  tooSlow({ target }: Current): void {
    this.options.log.warn(
      this.labels,
      'the disk is too slow: footage is dropped up to the next keyframe',
    );
    target.failed?.({ reason: 'disk-slow', message: 'the disk takes less than is recorded' });
  }

  /** Without a volume nothing would be recorded, whatever else is wrong. */
  reasonOr(reason: string): string {
    if (this.options.chooseVolume() !== undefined) return reason;
    return this.options.whyNoVolume?.() ?? NO_VOLUME;
  }

  private make(
    target: RecordingTarget,
    accounted: AccountedRun,
    tracks: readonly [RunTrack, ...RunTrack[]],
  ): Run {
    const { camera, stream, settings, clock, metricsSink } = this.options;
    const { volume, journal } = target;
    const run: Run = new Run(
      {
        camera,
        stream,
        volume,
        journal,
        settings,
        clock: clock.source,
        metrics: metricsSink,
        queue: this.queues.of(volume),
        chain: this.chain,
        createFile: inLane(volume.lane, this.options.createFile ?? createSegmentFile),
        makeRoom: (id, fromMs, toMs) => this.makeRoom(target, id, fromMs, toMs),
        settled: () => this.account.settled(accounted),
        written: (startMs, endMs) => {
          this.failures.written();
          this.account.written(accounted, startMs, endMs);
        },
        failed: (failure) => this.failed({ run, target, accounted }, failure),
      },
      tracks,
      this.account.recordedToMs,
    );
    return run;
  }

  private failed(
    { run, target, accounted }: Current,
    { error, endMs, announced, segment }: RunFailure,
  ): void {
    const reason = writeFailureOf(error);
    this.logError(error, `recording stopped: ${reason}`);
    if (reason !== 'unsupported') target.failed?.(problemOf(error));
    const elsewhere = run !== this.latest || this.isElsewhere(target);
    this.failures.failed(
      announced ? { target, run: run.id, endMs, reason, segment } : undefined,
      elsewhere,
    );
    this.account.failed(accounted, endMs, reason);
    this.broken({ run });
  }

  private async makeRoom(
    { volume }: RecordingTarget,
    run: string,
    fromMs: number,
    toMs: number,
  ): Promise<void> {
    if (fromMs >= this.account.misdatedToMs) return;
    const paths = await setAside(volume, this.options, run, fromMs, toMs);
    for (const path of paths)
      this.options.log.warn(
        { ...this.labels, path },
        'footage of a time before our clock was set back lies in the way: it was set aside',
      );
  }

  /** Whether a run that begins now would not go there. */
  private isElsewhere({ volume }: RecordingTarget): boolean {
    return this.options.chooseVolume()?.volume !== volume;
  }

  private get labels(): { camera: string; stream: string } {
    return { camera: this.options.camera, stream: this.options.stream };
  }

  private logError(error: unknown, message: string): void {
    this.options.log.error({ ...this.labels, err: loggedError(error) }, message);
  }
}
