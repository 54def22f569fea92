import type { AccessUnit, CodecConfig, TrackFormat } from '@nightjar/rtp';
import { formatOf, timestampDelta } from '@nightjar/rtp';
import { MediaClock } from '../time/media-clock.js';
import { AUDIO_BLOCK_BYTES, TrackMemory, VIDEO_BLOCK_BYTES } from './media-memory.js';
import type { MediaPool } from './media-memory.js';
import type { MeasuredUnit, TimedUnit } from '../segments/segment-builder.js';
import { TickLine } from '../time/tick-line.js';
import { skewOf, TrackSkew } from '../time/track-skew.js';
import type { CameraTime } from '../time/track-skew.js';

/** A sender report tells of an instant near the newest unit; one further away is of another clock. */
export const MAX_REPORT_DISTANCE_SECONDS = 5;
/** Reports that would have the units of a track come earlier or later than this are not believed. */
export const MAX_REPORTED_DELAY_MS = 1_000;
/**
 * A unit of sound leaves the camera when its end was heard, a picture about this long after it was taken. What a unit is
 * longer is known delay.
 */
const PICTURE_DELAY_SECONDS = 0.04;
/** Longer units are no sound but a pause. */
const MAX_SOUND_SECONDS = 0.5;

/** One recorded track while its camera is there: its timestamps, its place in wall time and its codec. */
export class RunTrack {
  readonly line: TickLine;
  /** For the track's depacketizer. */
  readonly memory: TrackMemory;
  private mediaClock: MediaClock;
  /** What the units that come now need. */
  config: CodecConfig | undefined;
  private held: TimedUnit | undefined;
  /** Timestamp of the newest unit as it came, unwrapped. */
  private cameraTicks: number | undefined;
  private arrivedMs = 0;
  private reported: CameraTime | undefined;
  private readonly skew = new TrackSkew();
  /** Jumps of both tracks when their reports were put together last. */
  private relatedJumps = 0;
  /** Whose clock this track follows when the camera reports how they stand to each other. */
  private leader: RunTrack | undefined;

  constructor(
    readonly source: TrackFormat,
    pool: MediaPool,
  ) {
    const blockBytes = source.kind === 'video' ? VIDEO_BLOCK_BYTES : AUDIO_BLOCK_BYTES;
    this.memory = new TrackMemory(pool, blockBytes);
    this.line = new TickLine(source.clockRateHz);
    this.mediaClock = new MediaClock(source.clockRateHz);
  }

  get clock(): MediaClock {
    return this.mediaClock;
  }

  get clockRateHz(): number {
    return this.source.clockRateHz;
  }

  /** For the segment header: the format as it describes `config`. */
  format(config: CodecConfig): TrackFormat {
    const { payloadType, clockRateHz } = this.source;
    return { ...formatOf(config, payloadType), clockRateHz };
  }

  /**
   * Puts a unit on the line and lets its arrival judge the clock.
   * @param arrivalMs monotonic
   * @param arrivalWallMs the same instant
   * @returns its ticks on the line
   */
  place(unit: AccessUnit, arrivalMs: number, arrivalWallMs: number): number {
    const { line } = this;
    const { jumps } = line;
    this.cameraTicks = unit.ticks;
    this.arrivedMs = arrivalMs;
    const lead = this.knownDelayTicks;
    const dueTicks = this.mediaClock.dueTicks(arrivalMs) - lead;
    const ticks = line.place(unit.ticks, arrivalMs, unit.keyframe, dueTicks);
    if (line.jumps !== jumps) this.reported = undefined;
    this.steer(arrivalMs);
    this.mediaClock.observe(ticks + lead, arrivalMs, arrivalWallMs - arrivalMs);
    return ticks;
  }

  /**
   * A sender report of the camera.
   * @param timestamp 32 bits, of the same numbering as the units
   * @param arrivalMs monotonic
   */
  report(ntpMs: number, timestamp: number, arrivalMs: number): void {
    if (this.cameraTicks === undefined || !Number.isFinite(ntpMs)) return;
    const rate = this.clockRateHz;
    const ticks = this.cameraTicks + timestampDelta(this.cameraTicks >>> 0, timestamp);
    const mediaTicks = this.line.onLine(ticks);
    const distance = Math.abs(mediaTicks - this.line.reachedAt(arrivalMs));
    if (distance > MAX_REPORT_DISTANCE_SECONDS * rate) return;
    this.reported = { ntpMs, mediaMs: (mediaTicks / rate) * 1000, arrivalMs };
  }

  /**
   * This track or its leader was reported: puts their newest reports together.
   * @param leader in relation to which this track is placed from now on
   */
  relate(leader: RunTrack): void {
    if (leader === this) return;
    this.leader = leader;
    const { reported: mine } = this;
    const { reported: theirs } = leader;
    if (mine === undefined || theirs === undefined || !this.isPlausible(theirs, mine)) return;
    const jumps = leader.line.jumps + this.line.jumps;
    if (jumps !== this.relatedJumps) this.skew.forget();
    this.relatedJumps = jumps;
    this.skew.add(theirs, mine);
  }

  /** The wall times of this track are promised to somebody from now on: its leader's must not be yet. */
  anchor(shiftMs: number): void {
    this.steer(this.arrivedMs);
    this.mediaClock.anchor(shiftMs);
  }

  /** A segment begins: a track that follows is set right at once; its leader was before. */
  settle(): void {
    this.steer(this.arrivedMs);
    this.mediaClock.settle(true);
  }

  /** Keeps the bytes of the unit that the depacketizer hands over now: the caller gets the hold on them. */
  keep({ data, keyframe }: AccessUnit, ticks: number): TimedUnit {
    return { data, block: this.memory.keep(data.length), keyframe, ticks };
  }

  /** Keeps a unit until the next tells how long it is; returns the one that was kept, measured. */
  measure(unit: TimedUnit): MeasuredUnit | undefined {
    const { held } = this;
    this.held = unit;
    return held && measured(held, unit.ticks - held.ticks);
  }

  /** Gives up the kept unit with the running interval as its length, if it lies before a tick. */
  release(beforeTicks = Infinity): MeasuredUnit | undefined {
    const { held } = this;
    if (held === undefined || held.ticks >= beforeTicks) return undefined;
    this.held = undefined;
    return measured(held, this.line.interval);
  }

  /** The mapping to wall time begins anew: our time was set, or the camera's went astray. */
  restartClock(): void {
    this.mediaClock = new MediaClock(this.clockRateHz);
  }

  /** Lets the leader's clock and the camera's reports be the judge, if there are any. */
  private steer(nowMs: number): void {
    const leaderMs = this.leader?.clock.arrivalOffsetMs;
    const skewMs = this.skew.at(nowMs);
    const known = leaderMs !== undefined && skewMs !== undefined;
    this.mediaClock.steer(known ? leaderMs + skewMs : undefined);
  }

  /** Whether the units of this track come about when these reports would have them come. */
  private isPlausible(theirs: CameraTime, mine: CameraTime): boolean {
    const leaderMs = this.leader?.clock.arrivalOffsetMs;
    if (leaderMs === undefined || this.cameraTicks === undefined) return false;
    const mediaMs = (this.line.onLine(this.cameraTicks) / this.clockRateHz) * 1000;
    const delayMs = this.arrivedMs - mediaMs - leaderMs - skewOf(theirs, mine);
    return Math.abs(delayMs) <= MAX_REPORTED_DELAY_MS;
  }

  private get knownDelayTicks(): number {
    const { kind, clockRateHz } = this.source;
    const { interval } = this.line;
    if (kind === 'video' || interval > MAX_SOUND_SECONDS * clockRateHz) return 0;
    return Math.max(0, interval - PICTURE_DELAY_SECONDS * clockRateHz);
  }
}

function measured(
  { data, block, keyframe, ticks }: TimedUnit,
  durationTicks: number,
): MeasuredUnit {
  return { data, block, keyframe, ticks, durationTicks };
}
