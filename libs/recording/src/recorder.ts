import type { Clock, MonotonicMs, Timer } from '@nightjar/common';
import { messageOf, NightjarError } from '@nightjar/common';
import type { HubReader, OfflineReason, PacketBatch } from '@nightjar/relay';
import type { AccessUnit, AccessUnitSink, CodecConfig, Depacketizer } from '@nightjar/rtp';
import { createDepacketizer, sameConfig } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import { createSegmentFile } from './durable-files.js';
import type { CreateSegmentFile } from './durable-files.js';
import type { RecordOf } from './journal-records.js';
import { MediaPool } from './media-memory.js';
import type { GapReason, RecordingLog, RecordingMetrics, RecordingSettings } from './ports.js';
import type { RecordingTarget } from './recording-volumes.js';
import { finishSegment } from './recovery.js';
import { Run } from './run.js';
import { RunTrack } from './run-track.js';
import { SegmentChain } from './segment-chain.js';
import { BACKWARD_STEP_MS } from './wall-clock.js';
import type { WallClock } from './wall-clock.js';
import { writeFailureOf } from './write-failure.js';
import { WriteQueue } from './write-queue.js';

/** After a failed write a new run is tried after this, */
export const FIRST_RETRY_MS = 1_000;
/** twice as long each time, but not longer than this. */
export const MAX_RETRY_MS = 30_000;
/** A run may begin so much before the end of the footage before it (it is then moved); earlier keyframes are left out. */
export const MAX_START_SHIFT_MS = 1_000;

/** Footage that is missing from a wall time on. */
export interface Gap {
  readonly startMs: number;
  readonly reason: GapReason;
}

/** A camera that sends nothing for longer leaves a gap, even if it goes on as if nothing had happened. */
export const MIN_SILENCE_MS = 1_000;

export interface RecorderOptions {
  readonly camera: string;
  readonly stream: string;
  /** Where the run that begins goes, and what there is to tell meanwhile; undefined: nowhere now. A run stays where it began. */
  readonly chooseVolume: () => RecordingTarget | undefined;
  /** One for the whole process. */
  readonly clock: WallClock;
  readonly settings: RecordingSettings;
  readonly log: RecordingLog;
  readonly metricsSink: RecordingMetrics;
  /** Where the footage of this stream ended before this recorder, and why: becomes the first gap. */
  readonly openGap?: Gap;
  /** Hash of the newest segment of this stream; left out: there is none. */
  readonly previousHash?: string | null;
  /** Memory for media; left out: that of the process. */
  readonly pool?: MediaPool;
  /** Makes the files of segments; left out: real ones. */
  readonly createFile?: CreateSegmentFile;
}

/** One for all recorders: their fragments come and go at different times. */
const PROCESS_POOL = new MediaPool();

interface Input {
  readonly track: RunTrack;
  readonly depacketizer: Depacketizer;
}

/** Something of a failed run that must be put right before the next. */
interface Repair {
  /** Of the run. */
  readonly target: RecordingTarget;
  readonly run: string;
  readonly endMs: number;
  readonly reason: string;
  readonly segment: RecordOf<'segment-opened'> | undefined;
}

/**
 * Records one stream: takes packets from the hub, keeps runs of segments on a volume, and accounts for what is missing.
 * Never blocks the hub: all writing is done behind a bounded queue.
 */
export class Recorder implements HubReader {
  /** What is kept of a packet is copied before {@link batch} returns. */
  readonly holdsBatches = false;
  private readonly queue: WriteQueue;
  private readonly chain: SegmentChain;
  private readonly source: Clock;
  private sdp: readonly SdpTrack[] = [];
  private inputs: readonly (Input | undefined)[] = [];
  private leader: Input | undefined;
  private run: Run | undefined;
  /** Where the last run went. */
  private target: RecordingTarget | undefined;
  private arrivalMs = 0 as MonotonicMs;
  private wallSteps: number;
  /** Units of the leader are passed over until a keyframe. */
  private needKeyframe = true;
  private newSegment = false;
  /** Wall time from which units are missing inside the run. */
  private lostSinceMs: number | undefined;
  /** Where the next unit of the leader should begin, inside a run. */
  private expectedTicks: number | undefined;
  private gap: Gap | undefined;
  private repairs: Repair[] = [];
  private failing = false;
  private retryMs = FIRST_RETRY_MS;
  private retryAtMs = -Infinity;
  private retryTimer: Timer | undefined;
  /** Wall time that the footage of this stream reaches. */
  private recordedToMs: number;
  private ended = false;

  constructor(private readonly options: RecorderOptions) {
    this.source = options.clock.source;
    this.wallSteps = options.clock.steps;
    this.chain = new SegmentChain(options.previousHash ?? null);
    this.gap = options.openGap;
    // Footage from a wrong future must not hold up the present.
    const reachedMs = options.openGap?.startMs ?? 0;
    this.recordedToMs = reachedMs > options.clock.now() + BACKWARD_STEP_MS ? 0 : reachedMs;
    this.queue = new WriteQueue(options.settings.queueBytes, (error) =>
      this.logError(error, 'writing failed'),
    );
  }

  /** The segment that grows, for readers of the timeline. */
  get openSegment(): Run['openSegment'] {
    return this.run?.openSegment;
  }

  get state(): 'waiting' | 'recording' | 'failing' {
    if (this.failing) return 'failing';
    return this.run === undefined ? 'waiting' : 'recording';
  }

  /** Bytes that wait for the disk. */
  get queuedBytes(): number {
    return this.queue.bytes;
  }

  tracks(tracks: readonly SdpTrack[]): void {
    this.endRun('format-change');
    this.sdp = tracks;
    this.connect();
  }

  batch(batch: PacketBatch, from = 0): void {
    if (this.ended) return;
    this.arrivalMs = batch.arrivalMs;
    for (let index = from; index < batch.count; index += 1) {
      const input = this.inputs[batch.tracks[index] ?? -1];
      input?.depacketizer.push(batch.bytes, batch.offsets[index] ?? 0, batch.lengths[index] ?? 0);
    }
  }

  interrupted(reason: OfflineReason): void {
    this.flushInputs();
    this.endRun(reason);
    // The camera comes back with clocks of its own; nothing of the old ones may judge them.
    this.connect();
  }

  closed(): void {
    if (this.ended) return;
    this.flushInputs();
    this.endRun('stopped');
    this.ended = true;
    this.retryTimer?.cancel();
  }

  /** Ends the recording and resolves when all of it is on the disk. */
  async stop(): Promise<void> {
    this.closed();
    await this.idle();
  }

  /** Resolves when nothing waits for the disk. */
  idle(): Promise<void> {
    return this.queue.idle();
  }

  private flushInputs(): void {
    for (const input of this.inputs) input?.depacketizer.flush();
  }

  private connect(): void {
    for (const input of this.inputs) input?.track.memory.close();
    const inputs = this.sdp.map(({ format }) => {
      const track = new RunTrack(format, this.options.pool ?? PROCESS_POOL);
      const sink: AccessUnitSink = {
        config: (config) => this.configured(track, config),
        accessUnit: (unit) => this.unit(track, unit),
      };
      const depacketizer = createDepacketizer(format, sink, track.memory);
      if (depacketizer === undefined) return undefined;
      track.config = depacketizer.config;
      return { track, depacketizer };
    });
    this.inputs = inputs;
    const known = inputs.filter((input) => input !== undefined);
    this.leader = known.find((input) => input.track.source.kind === 'video') ?? known[0];
    this.needKeyframe = true;
    this.lostSinceMs = undefined;
    if (this.sdp.length > 0 && known.length === 0) {
      this.options.log.warn(this.labels, 'the stream has no track that can be recorded');
    }
  }

  private configured(track: RunTrack, config: CodecConfig): void {
    if (track.config !== undefined && sameConfig(track.config, config)) return;
    track.config = config;
    if (this.run === undefined) return;
    this.newSegment = true;
    if (track === this.leader?.track && track.source.kind === 'video') this.needKeyframe = true;
  }

  private unit(track: RunTrack, unit: AccessUnit): void {
    const arrivalWallMs = this.options.clock.at(this.arrivalMs);
    const ticks = track.place(unit, this.arrivalMs, arrivalWallMs);
    if (track !== this.leader?.track) {
      this.run?.follow(track, track.keep(unit, ticks));
      return;
    }
    if (unit.damaged && track.source.kind === 'video') {
      this.lose(track, ticks, unit.data.length);
      return;
    }
    if (this.needKeyframe && !unit.keyframe) return;
    if (unit.keyframe) this.checkClocks(track, ticks, arrivalWallMs);
    this.run ??= this.startRun(track, ticks);
    if (this.run === undefined) return;
    this.accountLoss(track, ticks);
    this.needKeyframe = false;
    this.run.lead(track.keep(unit, ticks), this.arrivalMs, this.newSegment);
    if (unit.keyframe) this.newSegment = false;
    if (this.run.overflowed) {
      this.options.log.warn(
        this.labels,
        'the disk is too slow: footage is dropped up to the next keyframe',
      );
      this.endRun('disk-slow');
    }
  }

  /** A unit that cannot be decoded, nor anything up to the next keyframe. */
  private lose(track: RunTrack, ticks: number, bytes: number): void {
    this.options.metricsSink.dropped('packet-loss', bytes);
    if (this.run !== undefined && !this.needKeyframe) {
      this.run.pause();
      this.lostSinceMs = Math.min(this.run.endMs, track.clock.wallMs(ticks));
    }
    this.needKeyframe = true;
  }

  /** Writes the gap that damaged units or a silent camera left inside the run, if more than one frame is missing. */
  private accountLoss(track: RunTrack, ticks: number): void {
    const { clock, clockRateHz, line } = track;
    const endMs = clock.wallMs(ticks);
    const frameMs = (line.interval / clockRateHz) * 1000;
    if (this.lostSinceMs !== undefined) {
      if (endMs - this.lostSinceMs > frameMs)
        this.writeGap({ startMs: this.lostSinceMs, reason: 'packet-loss' }, endMs);
    } else if (this.expectedTicks !== undefined) {
      const startMs = clock.wallMs(this.expectedTicks);
      if (endMs - startMs > Math.max(MIN_SILENCE_MS, 4 * frameMs))
        this.writeGap({ startMs, reason: 'stalled' }, endMs);
    }
    this.lostSinceMs = undefined;
    this.expectedTicks = Math.max(this.expectedTicks ?? 0, ticks + line.interval);
  }

  /** When the mapping to wall time cannot be mended by slewing, the media go on in another run. */
  private checkClocks(track: RunTrack, ticks: number, arrivalWallMs: number): void {
    const { steps } = this.options.clock;
    const stepped = steps !== this.wallSteps;
    if (!stepped && !track.clock.lost) return;
    this.wallSteps = steps;
    this.endRun('clock-step');
    // Our own clock was set back by a lot: the footage of the wrong future does not hold up the present.
    if (stepped && arrivalWallMs < this.recordedToMs - MAX_START_SHIFT_MS) this.recordedToMs = 0;
    for (const input of this.inputs) input?.track.restartClock();
    track.clock.observe(ticks, arrivalWallMs);
  }

  private startRun(leader: RunTrack, ticks: number): Run | undefined {
    if (this.ended || leader.config === undefined || this.source.monotonicMs() < this.retryAtMs)
      return undefined;
    if (this.queue.bytes > this.options.settings.queueBytes / 2) return undefined;
    if (leader.clock.wallMs(ticks) < this.recordedToMs - MAX_START_SHIFT_MS) return undefined;
    const followers = this.inputs.flatMap((input) =>
      input === undefined || input.track === leader ? [] : [input.track],
    );
    const { camera, stream, settings, metricsSink, log } = this.options;
    const target = this.options.chooseVolume();
    if (target === undefined) return undefined;
    this.target = target;
    this.repair();
    let before = this.gap;
    this.gap = undefined;
    const run = new Run(
      {
        camera,
        stream,
        volume: target.volume,
        journal: target.journal,
        settings,
        clock: this.source,
        metrics: metricsSink,
        queue: this.queue,
        chain: this.chain,
        createFile: this.options.createFile ?? createSegmentFile,
        written: (startMs) => {
          this.retryMs = FIRST_RETRY_MS;
          this.failing = false;
          if (before !== undefined) this.writeGap(before, startMs);
          before = undefined;
        },
        failed: ({ error, endMs, announced, segment }) => {
          const reason = writeFailureOf(error);
          this.logError(error, `recording stopped: ${reason}`);
          if (announced) this.repairs.push({ target, run: run.id, endMs, reason, segment });
          this.fail(run, before ?? { startMs: endMs, reason }, endMs);
        },
      },
      [leader, ...followers],
      this.recordedToMs,
    );
    log.info({ ...this.labels, run: run.id }, 'recording');
    this.newSegment = false;
    return run;
  }

  private endRun(reason: string): void {
    const { run } = this;
    this.forgetRun();
    const endMs = run?.end(reason);
    if (endMs === undefined) return;
    this.recordedToMs = endMs;
    this.gap = { startMs: endMs, reason };
  }

  /** @param gap from where footage is missing: nothing of it must be forgotten */
  private fail(run: Run, gap: Gap, endMs: number): void {
    this.failing = true;
    this.retryAtMs = this.source.monotonicMs() + this.retryMs;
    this.retryTimer?.cancel();
    this.retryTimer = this.source.setTimer(this.retryMs, () => this.repair());
    this.retryMs = Math.min(this.retryMs * 2, MAX_RETRY_MS);
    if (this.run === run) this.forgetRun();
    if (this.gap === undefined || this.gap.startMs > gap.startMs) this.gap = gap;
    this.recordedToMs = endMs;
  }

  private forgetRun(): void {
    this.run = undefined;
    this.needKeyframe = true;
    this.lostSinceMs = undefined;
    this.expectedTicks = undefined;
  }

  /** Finishes the files of failed runs; what still cannot be done is left for the next time, or for recovery. */
  private repair(): void {
    for (const item of this.repairs) {
      this.queue.push(0, async () => {
        const { camera, stream } = this.options;
        const { volume, journal } = item.target;
        if (!this.repairs.includes(item)) return;
        await volume.verify();
        if (item.segment !== undefined) await finishSegment(volume, journal, item.segment);
        const { run, endMs: endedAtMs, reason } = item;
        await journal.append({ type: 'run-ended', run, camera, stream, endedAtMs, reason });
        this.repairs = this.repairs.filter((other) => other !== item);
      });
    }
  }

  private writeGap(gap: Gap, endMs: number): void {
    if (endMs <= gap.startMs) return;
    const { camera, stream, metricsSink } = this.options;
    metricsSink.gap(gap.reason, endMs - gap.startMs);
    this.target?.journal
      .append({ type: 'gap', camera, stream, startMs: gap.startMs, endMs, reason: gap.reason })
      .catch((error: unknown) => this.logError(error, 'a gap could not be written to the journal'));
  }

  private get labels(): { camera: string; stream: string } {
    return { camera: this.options.camera, stream: this.options.stream };
  }

  private logError(error: unknown, message: string): void {
    const code =
      error instanceof NightjarError
        ? error.code
        : ((error as NodeJS.ErrnoException).code ?? 'unknown');
    this.options.log.error({ ...this.labels, err: { code, message: messageOf(error) } }, message);
  }
}

/** A recorder for one stream; attach it to the stream's hub. */
export function createRecorder(options: RecorderOptions): Recorder {
  return new Recorder(options);
}
