import type { MonotonicMs } from '@nightjar/common';
import type { HubReader, OfflineReason, PacketBatch } from '@nightjar/relay';
import type { AccessUnit } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import type { Absence, Account } from '../account/account.js';
import { samePreRoll, type Demand } from '../demand/demand.js';
import { MediaPool } from './media-memory.js';
import { PreRollMemory } from './pre-roll.js';
import type { HeldGop, HeldUnit } from './pre-roll.js';
import { loggedError, soleAccount } from './recorder-options.js';
import type { RecorderOptions } from './recorder-options.js';
import { MIN_SILENCE_MS, RunLosses } from './run-losses.js';
import type { Run } from './run.js';
import type { RunTrack } from './run-track.js';
import { StreamInputs } from './stream-inputs.js';
import { StreamRuns } from './stream-runs.js';
import type { Current } from './stream-runs.js';

/** A run may begin so much before the end of the footage before it (it is then moved); earlier keyframes are left out. */
export const MAX_START_SHIFT_MS = 100;
/** Of a camera that was not heard of yet. */
export const NOT_YET_ONLINE = 'camera-offline';
/** Of a camera that sends nothing of which a file can be made. */
const UNSUPPORTED = 'unsupported';

/** One for all recorders: their fragments come and go at different times. */
const PROCESS_POOL = new MediaPool();

const ALWAYS: Demand = { wanted: true, because: 'continuous', sinceMs: -Infinity };

/**
 * Records one stream while that is asked for: takes packets from the hub, keeps runs of segments on a volume, and tells the
 * account what is missing. Never blocks the hub: all writing is done behind a bounded queue.
 */
export class Recorder implements HubReader {
  /** What is kept of a packet is copied before {@link batch} returns. */
  readonly holdsBatches = false;
  private readonly account: Account;
  private readonly inputs: StreamInputs;
  private readonly runs: StreamRuns;
  private sdp: readonly SdpTrack[] = [];
  private current: Current | undefined;
  private demand: Demand;
  /** While the stream is unwanted and armed. */
  private preRoll: PreRollMemory | undefined;
  private arrivalMs = 0 as MonotonicMs;
  private wallSteps: number;
  /** Units of the leader are passed over until a keyframe. */
  private needKeyframe = true;
  private newSegment = false;
  private readonly losses = new RunLosses((startMs, endMs, reason) => {
    if (this.current !== undefined)
      this.account.lostInside(this.current.accounted, startMs, endMs, reason);
  });
  /** Why the camera sends nothing, or did so last. */
  private absence: string = NOT_YET_ONLINE;
  private ended = false;

  constructor(private readonly options: RecorderOptions) {
    const { clock, openGap } = options;
    this.wallSteps = clock.steps;
    this.inputs = new StreamInputs(options.pool ?? PROCESS_POOL, {
      unit: (track, unit) => this.unit(track, unit),
      reconfigured: (track) => this.reconfigured(track),
    });
    this.account =
      options.account ??
      soleAccount(options, (error) =>
        options.log.error(
          { ...this.labels, err: loggedError(error) },
          'the journal refuses the account',
        ),
      );
    this.runs = new StreamRuns(options, this.account, ({ run }) => {
      if (this.current?.run === run) this.forgetRun();
    });
    if (openGap !== undefined) this.account.resume(openGap.startMs, openGap.reason);
    this.demand = options.demand ?? ALWAYS;
    if (!this.demand.wanted) {
      this.arm(this.demand);
      this.account.turn(this.unwanted(this.demand.because), clock.now());
    }
  }

  /** The segment that grows, for readers of the timeline. */
  get openSegment(): Run['openSegment'] {
    return this.current?.run.openSegment;
  }

  get state(): 'waiting' | 'recording' | 'failing' {
    if (this.runs.failing) return 'failing';
    return this.current === undefined ? 'waiting' : 'recording';
  }

  /** Bytes that wait for the disk. */
  get queuedBytes(): number {
    return this.runs.queuedBytes;
  }

  /** Bytes that are held in memory, should an event come. */
  get preRollBytes(): number {
    return this.preRoll?.bytes ?? 0;
  }

  /**
   * Another thing is asked of it. Unwanted: the run ends with its last unit. Wanted: a run begins at the next keyframe, or
   * with the keyframe that memory holds at or before `sinceMs`, else its oldest.
   */
  want(demand: Demand): void {
    const before = this.demand;
    this.demand = demand;
    if (this.ended) return;
    if (demand.wanted) {
      if (!before.wanted) this.beginWanted(demand.sinceMs);
      return;
    }
    const { because, preRoll } = demand;
    const settled = !before.wanted && before.because === because;
    if (settled && samePreRoll(before.preRoll, preRoll)) return;
    const held = this.preRoll;
    this.arm(demand);
    held?.release(undefined);
    const nowMs = this.options.clock.now();
    const unwanted = this.unwanted(because);
    this.endRun('unwanted', (endMs) => this.silenceSince(endMs) ?? unwanted);
    this.account.turn(unwanted, nowMs);
  }

  tracks(tracks: readonly SdpTrack[]): void {
    if (this.sdp.length > 0) this.interruptedBy('format-change');
    this.sdp = tracks;
    this.connect();
  }

  batch(batch: PacketBatch, from = 0): void {
    if (this.ended) return;
    this.arrivalMs = batch.arrivalMs;
    this.inputs.push(batch, from);
    if (this.inputs.leader === undefined && this.absence !== UNSUPPORTED) this.missing(UNSUPPORTED);
  }

  cameraTime(track: number, ntpMs: number, timestamp: number, arrivalMs: MonotonicMs): void {
    this.inputs.cameraTime(track, ntpMs, timestamp, arrivalMs);
  }

  interrupted(reason: OfflineReason): void {
    this.inputs.flush();
    this.interruptedBy(reason);
    this.missing(reason);
    // The camera comes back with clocks of its own; nothing of the old ones may judge them.
    this.connect();
  }

  unavailable(reason: OfflineReason): void {
    this.preRoll?.release(reason);
    this.missing(reason);
  }

  closed(): void {
    this.finish({ kind: 'gap', reason: 'stopped' });
  }

  /** Ends the recording and resolves when all of it is on the disk. The account is told of what was recorded, no more. */
  async stop(): Promise<void> {
    this.finish(undefined);
    await this.idle();
  }

  /** Resolves when nothing waits for the disk. */
  idle(): Promise<void> {
    return this.runs.idle();
  }

  private finish(next: Absence | undefined): void {
    if (this.ended) return;
    this.inputs.flush();
    this.endRun('stopped', (endMs) => next ?? this.silenceSince(endMs));
    this.ended = true;
    this.preRoll?.release(undefined);
    this.runs.close();
  }

  /** The camera sends nothing, or nothing that can be recorded. */
  private missing(reason: OfflineReason | typeof UNSUPPORTED): void {
    this.absence = reason;
    if (this.demand.wanted && !this.ended) this.account.because(this.runs.reasonOr(reason));
  }

  private connect(): void {
    this.inputs.connect(this.sdp);
    this.needKeyframe = true;
    if (this.sdp.length > 0 && this.inputs.leader === undefined)
      this.options.log.warn(this.labels, 'the stream has no track that can be recorded');
  }

  private arm(demand: Demand & { readonly wanted: false }): void {
    const { preRoll } = demand;
    this.preRoll =
      preRoll === undefined ? undefined : new PreRollMemory(preRoll, () => this.inputs.leader);
  }

  private unwanted(because: Extract<Demand, { wanted: false }>['because']): Absence {
    // What memory holds may still be asked for.
    const settledMs = (): number => {
      const nowMs = this.options.clock.now();
      return this.preRoll?.settledMs(nowMs) ?? nowMs;
    };
    return { ...absenceOf(because), settledMs };
  }

  private beginWanted(sinceMs: number): void {
    const held = this.preRoll;
    this.preRoll = undefined;
    const nowMs = this.options.clock.now();
    const short = held?.shortBecause;
    const earliestMs = this.account.recordedToMs - MAX_START_SHIFT_MS;
    const gops = held?.take(sinceMs, earliestMs) ?? [];
    const leader = this.inputs.leader;
    const startMs = gops[0] && leader?.clock.wallMs(gops[0].startTicks);
    const fromMs = Math.max(sinceMs, this.account.recordedToMs);
    const reachMs = startMs ?? nowMs;
    // It would be there, had nothing come between.
    if (short !== undefined && fromMs < reachMs)
      this.account.turn({ kind: 'gap', reason: short, settledMs: () => reachMs }, fromMs);
    if (leader !== undefined) this.replay(leader, gops);
    if (this.current === undefined)
      this.account.turn({ kind: 'gap', reason: this.runs.reasonOr(this.absence) }, reachMs);
  }

  /** Records what memory held, as if it came now; its clocks and arrivals are its own. */
  private replay(leader: RunTrack, gops: readonly HeldGop[]): void {
    this.runs.grant(gops.reduce((sum, { bytes }) => sum + bytes, 0));
    this.needKeyframe = true;
    for (const gop of gops) {
      if (gop.lostTicks !== undefined) this.loseFrom(leader, gop.lostTicks);
      for (const held of gop.units) this.replayUnit(leader, held);
    }
  }

  private replayUnit(leader: RunTrack, { track, unit, arrivalMs }: HeldUnit): void {
    if (track === leader && (unit.keyframe || !this.needKeyframe))
      this.current ??= this.startRun(track, unit.ticks);
    if (this.current === undefined) unit.block.release();
    else if (track === leader) this.lead(this.current, track, unit, arrivalMs);
    else this.current.run.follow(track, unit);
  }

  private reconfigured(track: RunTrack): void {
    // What is held needs the configuration before.
    if (this.preRoll?.empty === false) {
      this.preRoll.release('format-change');
      this.needKeyframe = true;
    }
    if (this.current === undefined) return;
    this.newSegment = true;
    if (track === this.inputs.leader && track.source.kind === 'video') this.needKeyframe = true;
  }

  private unit(track: RunTrack, unit: AccessUnit): void {
    const arrivalWallMs = this.options.clock.at(this.arrivalMs);
    const ticks = track.place(unit, this.arrivalMs, arrivalWallMs);
    if (track !== this.inputs.leader) {
      this.follow(track, unit, ticks);
      return;
    }
    if (unit.damaged && track.source.kind === 'video') {
      this.lose(track, ticks, unit.data.length);
      return;
    }
    if (unit.afterLoss === true) this.loseFrom(track, ticks);
    if (this.needKeyframe && !unit.keyframe) return;
    if (unit.keyframe) {
      this.checkClocks(track, ticks, arrivalWallMs);
      const leaves = this.current && this.runs.leaves(this.current, ticks);
      if (leaves !== undefined) this.endRun(leaves);
    }
    if (!this.demand.wanted) {
      if (this.preRoll !== undefined) this.hold(this.preRoll, track, unit, ticks);
      return;
    }
    this.current ??= this.startRun(track, ticks);
    if (this.current === undefined) return;
    this.lead(this.current, track, track.keep(unit, ticks), this.arrivalMs);
  }

  private follow(track: RunTrack, unit: AccessUnit, ticks: number): void {
    const { preRoll, arrivalMs } = this;
    if (this.current !== undefined) this.current.run.follow(track, track.keep(unit, ticks));
    else if (preRoll?.empty === false) {
      preRoll.follow({ track, unit: track.keep(unit, ticks), arrivalMs });
      this.settleClock(preRoll, track);
    }
  }

  private hold(preRoll: PreRollMemory, track: RunTrack, unit: AccessUnit, ticks: number): void {
    const { arrivalMs } = this;
    preRoll.lead({ track, unit: track.keep(unit, ticks), arrivalMs });
    this.needKeyframe = preRoll.empty;
    this.settleClock(preRoll, track);
  }

  /** As the first fragment of a run does: from then on drift is followed, instead of the least delay. */
  private settleClock({ firstArrivalMs }: PreRollMemory, track: RunTrack): void {
    const heldMs = this.arrivalMs - (firstArrivalMs ?? this.arrivalMs);
    if (heldMs >= this.options.settings.fragmentMs) track.anchor(0);
  }

  private lead(current: Current, track: RunTrack, unit: HeldUnit['unit'], arrivalMs: number): void {
    const { run } = current;
    this.losses.goOn(track, unit.ticks);
    this.needKeyframe = false;
    run.lead(unit, arrivalMs, this.newSegment);
    if (unit.keyframe) this.newSegment = false;
    if (!run.overflowed) return;
    this.runs.tooSlow(current);
    this.endRun('disk-slow');
  }

  /** A unit that cannot be decoded, nor anything up to the next keyframe. */
  private lose(track: RunTrack, ticks: number, bytes: number): void {
    if (this.demand.wanted) this.options.metricsSink.dropped('packet-loss', bytes);
    this.loseFrom(track, ticks);
  }

  /** What holds since the media of a run ended, if that is longer ago than media are late. */
  private silenceSince(endMs: number): Absence | undefined {
    const silent = this.options.clock.now() - endMs > MIN_SILENCE_MS;
    return silent ? { kind: 'gap', reason: 'stalled' } : undefined;
  }

  /** Units of the leader are missing up to the next keyframe. */
  private loseFrom(track: RunTrack, ticks: number): void {
    if (this.current !== undefined && !this.needKeyframe)
      this.losses.lose(this.current.run, track, ticks);
    this.preRoll?.lose(ticks);
    this.needKeyframe = true;
  }

  /** When the mapping to wall time cannot be mended by slewing, the media go on in another run. */
  private checkClocks(track: RunTrack, ticks: number, arrivalWallMs: number): void {
    const { steps } = this.options.clock;
    const stepped = steps !== this.wallSteps;
    if (!stepped && !track.clock.lost) return;
    this.wallSteps = steps;
    this.interruptedBy('clock-step');
    // Our own clock was set back by a lot: the footage of the wrong future does not hold up the present.
    if (stepped && arrivalWallMs < this.account.recordedToMs - MAX_START_SHIFT_MS)
      this.account.startOver();
    for (const one of this.inputs.tracks) one.restartClock();
    track.clock.observe(ticks, this.arrivalMs, arrivalWallMs - this.arrivalMs);
  }

  private startRun(leader: RunTrack, ticks: number): Current | undefined {
    const fromMs = leader.clock.wallMs(ticks);
    if (this.ended || fromMs < this.account.recordedToMs - MAX_START_SHIFT_MS) return undefined;
    const followers = this.inputs.tracks.filter((track) => track !== leader);
    const current = this.runs.start(leader, followers, fromMs);
    if (current !== undefined) this.newSegment = false;
    return current;
  }

  /** Media from here on do not belong to those before. */
  private interruptedBy(reason: string): void {
    this.preRoll?.release(reason);
    this.endRun(reason);
  }

  private endRun(
    reason: string,
    next: (endMs: number) => Absence | undefined = () => ({ kind: 'gap', reason }),
  ): void {
    const { current } = this;
    this.forgetRun();
    const endMs = current?.run.end(reason);
    if (current !== undefined && endMs !== undefined)
      this.account.ended(current.accounted, endMs, next(endMs));
  }

  private forgetRun(): void {
    this.current = undefined;
    this.needKeyframe = true;
    this.losses.forget();
  }

  private get labels(): { camera: string; stream: string } {
    return { camera: this.options.camera, stream: this.options.stream };
  }
}

/** What the account says while a stream is not recorded for this reason. */
export function absenceOf(because: Extract<Demand, { wanted: false }>['because']): Absence {
  return because === 'disk-full'
    ? { kind: 'gap', reason: because }
    : { kind: 'unwanted', reason: because };
}

/** A recorder for one stream; attach it to the stream's hub. */
export function createRecorder(options: RecorderOptions): Recorder {
  return new Recorder(options);
}
