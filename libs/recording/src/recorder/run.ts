import { createHash, randomBytes } from 'node:crypto';
import { encodeInitSegment } from '@nightjar/containers';
import type { CodecConfig } from '@nightjar/rtp';
import { GrowingSegment } from '../segments/growing-segment.js';
import type { RunContext } from './run-context.js';
import type { RunTrack } from './run-track.js';
import { SegmentBuilder } from '../segments/segment-builder.js';
import { MAX_STRETCH } from '../segments/segment-reader.js';
import type { MeasuredUnit, TimedUnit } from '../segments/segment-builder.js';

/** A fragment is written early when it has grown to this: a camera whose timestamps hardly move must not fill the memory. */
export const MAX_FRAGMENT_BYTES = 8 * 1024 * 1024;

/** A fragment of less than a tenth is not worth a write. */
const MIN_PHASE = 0.1;

/** A segment that is cut short to set a clock right is not shorter than this. */
const MIN_SEAM_DISTANCE_MS = 10_000;
/** Sound of a segment begins with it; so much earlier is rounding and slewing. */
const MAX_EARLY_SOUND_MS = 5;
/** What is inserted at a seam is more than slewing could have done, by this factor. */
const SEAM_CLARITY = 1.2;
/** Sound and picture may be apart by so much until the next segment begins anyway. */
const MAX_TRACK_ERROR_MS = 40;

/** A segment between its first unit and its index. */
interface Segment {
  readonly sequence: number;
  readonly builder: SegmentBuilder;
  readonly tracks: readonly { readonly track: RunTrack; readonly config: CodecConfig }[];
  readonly init: Promise<Buffer>;
  /** Monotonic arrival of the unit its pending fragment begins with. */
  fragmentArrivalMs: number;
  /** Undefined only in the first segment of a run, until its first fragment: see {@link Run.fixStart}. */
  startMs: number | undefined;
  file: GrowingSegment | undefined;
}

/** The segment that ended; late audio may still belong to it. */
interface Closing {
  readonly segment: Segment;
  readonly endMs: number;
  /** Per secondary track of the run: the tick that is the boundary. */
  readonly split: readonly number[];
  readonly passed: Set<RunTrack>;
}

/**
 * Unbroken media from one PLAY, as segments that touch. Track 0 leads: it decides where fragments and segments are cut.
 */
export class Run {
  readonly id = randomBytes(6).toString('hex');
  /** Length of the short fragment, as a part of a whole one. */
  private readonly phase: number;
  private readonly leader: RunTrack;
  private readonly followers: readonly RunTrack[];
  private segments = 0;
  private current: Segment | undefined;
  private closing: Closing | undefined;
  private announced = false;
  private broken = false;
  /** The disk was too slow for a fragment; nothing behind it can be kept. The run must be ended. */
  overflowed = false;
  private durableMs: number;
  /** End of the leader's media that were given to the queue, on its line. */
  private acceptedTicks = 0;

  /**
   * @param tracks leader first
   * @param notBeforeMs wall time that footage of this stream already reaches
   */
  constructor(
    private readonly context: RunContext,
    tracks: readonly [RunTrack, ...RunTrack[]],
    private readonly notBeforeMs: number,
  ) {
    [this.leader, ...this.followers] = tracks;
    this.phase = phaseOf(context.camera, context.stream);
    this.durableMs = notBeforeMs;
    // A unit kept from before would reach into this run.
    for (const track of this.followers) track.release()?.block.release();
  }

  /** The segment that grows: its path and the wall time up to which it can be read. */
  get openSegment():
    { readonly path: string; readonly startMs: number; readonly endMs: number } | undefined {
    const { file, startMs } = this.current ?? {};
    return file === undefined || startMs === undefined
      ? undefined
      : { path: file.path, startMs, endMs: file.endMs };
  }

  /** End of the media given so far, fragments that wait for the disk included. */
  get endMs(): number {
    return this.current?.startMs === undefined
      ? this.notBeforeMs
      : this.leader.clock.wallMs(this.acceptedTicks);
  }

  /**
   * A unit of the leader. The first must be a keyframe.
   * @param newSegment a keyframe after a change of codec
   */
  lead(unit: TimedUnit, arrivalMs: number, newSegment: boolean): void {
    let segment = this.current;
    if (segment === undefined) {
      segment = this.begin(unit, arrivalMs, undefined);
    } else if (
      unit.keyframe &&
      (newSegment || this.leader.clock.wallMs(unit.ticks) >= this.nextCutMs(segment))
    ) {
      segment = this.turn(segment, unit, arrivalMs);
    } else if (this.isFragmentDue(segment, unit, arrivalMs)) {
      this.flush(segment, unit.ticks);
      segment.fragmentArrivalMs = arrivalMs;
    }
    segment.builder.addPrimary(unit);
  }

  /** A unit of another track. */
  follow(track: RunTrack, unit: TimedUnit): void {
    const measured = track.measure(unit);
    if (measured !== undefined) this.route(track, measured);
  }

  /** Writes what waits: the units that follow are missing until the next keyframe. */
  pause(): void {
    if (this.current?.builder.hasPrimary === true) this.flush(this.current, undefined);
  }

  /**
   * Writes what waits and ends the run.
   * @returns wall time at which its media end, or undefined when it never held any
   */
  end(reason: string): number | undefined {
    const segment = this.current;
    if (segment === undefined) return undefined;
    for (const track of this.followers) {
      const unit = track.release();
      if (unit !== undefined) this.route(track, unit);
    }
    this.flush(segment, undefined);
    const { endMs } = this;
    this.current = undefined;
    this.close(segment, endMs);
    const announceEnd = async (): Promise<void> => {
      if (!this.announced) return;
      const { camera, stream, journal } = this.context;
      await journal.append({
        type: 'run-ended',
        run: this.id,
        camera,
        stream,
        endedAtMs: endMs,
        reason,
      });
    };
    this.write(0, undefined, announceEnd, () => this.context.settled());
    return endMs;
  }

  /** Whether a keyframe there begins a segment. */
  turnsAt(ticks: number): boolean {
    return (
      this.current !== undefined && this.leader.clock.wallMs(ticks) >= this.nextCutMs(this.current)
    );
  }

  /** The next multiple of the length of segments; earlier if a clock waits for a seam to be set right. */
  private nextCutMs(segment: Segment): number {
    const { segmentMs } = this.context.settings;
    const startMs = segment.startMs ?? this.leader.clock.wallMs(segment.builder.startTicks);
    const boundaryMs = (Math.floor(startMs / segmentMs) + 1) * segmentMs;
    return this.isSeamWanted ? Math.min(boundaryMs, startMs + MIN_SEAM_DISTANCE_MS) : boundaryMs;
  }

  private get isSeamWanted(): boolean {
    return (
      this.leader.clock.owedMs(false) !== 0 ||
      this.followers.some((track) => Math.abs(track.clock.owedMs(true)) > MAX_TRACK_ERROR_MS)
    );
  }

  private isFragmentDue(segment: Segment, unit: TimedUnit, arrivalMs: number): boolean {
    const { builder } = segment;
    const fragmentMs = this.fragmentMs(builder.fragmentCount);
    if (!builder.hasPrimary) return false;
    if (builder.pendingBytes >= MAX_FRAGMENT_BYTES) return true;
    const arrivedMs = arrivalMs - segment.fragmentArrivalMs;
    const mediaMs = ((unit.ticks - builder.pendingStartTicks) / this.leader.clockRateHz) * 1000;
    // A camera may begin with a burst of old frames: the start of a run is fixed only when real time has passed.
    if (segment.startMs === undefined && arrivedMs < fragmentMs) return false;
    return mediaMs >= fragmentMs || arrivedMs >= 2 * fragmentMs;
  }

  /**
   * Cameras that started together would have their fragments cut, hashed and written in the same few milliseconds for
   * ever. One short fragment in each segment gives every stream a place of its own within the second.
   */
  private fragmentMs(fragmentsBefore: number): number {
    const { fragmentMs } = this.context.settings;
    return fragmentsBefore === 1 ? fragmentMs * this.phase : fragmentMs;
  }

  private begin(unit: TimedUnit, arrivalMs: number, startMs: number | undefined): Segment {
    const tracks = [this.leader, ...this.followers].flatMap((track) =>
      track.config === undefined ? [] : [{ track, config: track.config }],
    );
    const init = encodeInitSegment(
      tracks.map(({ track, config }) => ({ config, clockRateHz: track.clockRateHz })),
    );
    // Awaited when the first fragment is written; until then nobody listens.
    init.catch(() => undefined);
    const builder = new SegmentBuilder(unit.ticks);
    const sequence = this.segments;
    this.segments += 1;
    this.current = {
      sequence,
      builder,
      tracks,
      init,
      fragmentArrivalMs: arrivalMs,
      startMs,
      file: undefined,
    };
    return this.current;
  }

  /** Ends a segment at a keyframe and begins the next there. */
  private turn(old: Segment, unit: TimedUnit, arrivalMs: number): Segment {
    this.finishClosing();
    const oldStartMs = this.fixStart(old);
    this.settleLeader(unit.ticks, oldStartMs);
    const startMs = Math.max(Math.round(this.leader.clock.wallMs(unit.ticks)), oldStartMs + 1);
    const split = this.followers.map((track) => track.clock.ticksAt(startMs));
    const early = this.followers.map((track, index) =>
      takeFrom(old, track, split[index] ?? Infinity),
    );
    for (const track of this.followers) track.settle();
    this.writeFragment(old, unit.ticks, true);
    const next = this.begin(unit, arrivalMs, startMs);
    const passed = new Set<RunTrack>();
    this.followers.forEach((track, index) => {
      for (const measured of early[index] ?? []) {
        this.addIfReached(next, startMs, track, measured);
        passed.add(track);
      }
    });
    this.closing = { segment: old, endMs: startMs, split, passed };
    if (passed.size === this.followers.length) this.finishClosing();
    return next;
  }

  /**
   * The segment that ends is said to last until the next begins. It must be so short that nobody takes what is inserted for
   * slewing; else the clock is set right at the next seam. Forwards only: back, media would overlap those of before.
   */
  private settleLeader(ticks: number, startMs: number): void {
    const { clock } = this.leader;
    const slewableMs = (clock.wallMs(ticks) - startMs) * MAX_STRETCH;
    if (clock.owedMs(false) > SEAM_CLARITY * slewableMs) clock.settle(false);
  }

  /** Gives a unit of a follower to the segment it lies in. */
  private route(track: RunTrack, unit: MeasuredUnit): void {
    const { closing, current } = this;
    if (current === undefined) {
      unit.block.release();
      return;
    }
    if (closing !== undefined && !closing.passed.has(track)) {
      if (unit.ticks < (closing.split[this.followers.indexOf(track)] ?? -Infinity)) {
        add(closing.segment, track, unit);
        return;
      }
      closing.passed.add(track);
      if (closing.passed.size === this.followers.length) this.finishClosing();
    }
    const startMs = current.startMs ?? this.leader.clock.wallMs(current.builder.startTicks);
    this.addIfReached(current, startMs, track, unit);
  }

  /** Sound from before the first picture of a run has nowhere to go, nor has sound that a seam moved behind others. */
  private addIfReached(
    segment: Segment,
    startMs: number,
    track: RunTrack,
    unit: MeasuredUnit,
  ): void {
    if (unit.ticks + unit.durationTicks <= track.clock.ticksAt(startMs)) unit.block.release();
    else add(segment, track, unit);
  }

  /** All of the closing segment has come, or has had its time. */
  private finishClosing(): void {
    const { closing } = this;
    if (closing === undefined) return;
    this.closing = undefined;
    this.followers.forEach((track, index) => {
      const unit = closing.passed.has(track) ? undefined : track.release(closing.split[index]);
      if (unit !== undefined) add(closing.segment, track, unit);
    });
    this.writeFragment(closing.segment, undefined, true);
    this.close(
      closing.segment,
      this.overflowed ? Math.min(this.endMs, closing.endMs) : closing.endMs,
    );
  }

  private flush(segment: Segment, nextTicks: number | undefined): void {
    this.finishClosing();
    this.fixStart(segment);
    this.writeFragment(segment, nextTicks, false);
  }

  /** The least delayed units of the first fragment tell when the run began. */
  private fixStart(segment: Segment): number {
    if (segment.startMs !== undefined) return segment.startMs;
    const wallMs = this.leader.clock.wallMs(segment.builder.startTicks);
    segment.startMs = Math.max(Math.round(wallMs), Math.ceil(this.notBeforeMs));
    this.acceptedTicks = segment.builder.startTicks;
    for (const track of [...this.followers, this.leader]) track.anchor(segment.startMs - wallMs);
    return segment.startMs;
  }

  private writeFragment(segment: Segment, nextTicks: number | undefined, endsHere: boolean): void {
    const startMs = this.fixStart(segment);
    const { context } = this;
    const built = segment.builder.cut(
      nextTicks,
      endsHere,
      this.leader.line.interval,
      (place, ticks) => {
        const track = segment.tracks[place]?.track ?? this.leader;
        const offsetMs = track.clock.wallMs(ticks) - startMs;
        if (offsetMs < -MAX_EARLY_SOUND_MS) return undefined;
        return Math.max(0, Math.round((offsetMs / 1000) * track.clockRateHz));
      },
    );
    if (built === undefined) return;
    const { bytes } = built.encoded;
    const letGo = (): void => {
      for (const block of built.blocks) block.release();
    };
    if (this.overflowed || !context.queue.accepts(bytes)) {
      letGo();
      this.overflowed = true;
      context.metrics.dropped('disk-slow', bytes);
      return;
    }
    this.acceptedTicks = Math.max(this.acceptedTicks, segment.builder.endTicks);
    const file = (segment.file ??= this.createFile(segment, startMs));
    const append = async (): Promise<void> => {
      await this.announce(startMs);
      if (file.opened === undefined)
        await context.makeRoom?.(this.id, startMs, startMs + 2 * context.settings.segmentMs);
      await file.append(built.encoded, built.samples, context.chain.previousHash);
      this.durableMs = file.endMs;
      context.written(startMs, file.endMs);
    };
    this.write(bytes, file, append, letGo);
  }

  private createFile(segment: Segment, startMs: number): GrowingSegment {
    const { camera, stream, volume, journal, clock, metrics, settings, createFile } = this.context;
    const tracks = segment.tracks.map(({ track, config }) => track.format(config));
    const header = {
      version: 1,
      camera,
      stream,
      run: this.id,
      sequence: segment.sequence,
      startMs,
      tracks,
    } as const;
    const { init } = segment;
    return new GrowingSegment(
      { volume, journal, clock, metrics, sync: settings.sync, createFile },
      { header, init },
    );
  }

  private async announce(startedAtMs: number): Promise<void> {
    if (this.announced) return;
    const { camera, stream, volume, journal } = this.context;
    await volume.verify();
    this.announced = true;
    await journal.append({
      type: 'run-started',
      run: this.id,
      camera,
      stream,
      volumeId: volume.id,
      startedAtMs,
    });
  }

  private close(segment: Segment, endMs: number): void {
    const { file } = segment;
    if (file === undefined) return;
    this.write(0, file, async () => {
      const hash = await file.close(endMs);
      if (hash !== undefined) this.context.chain.closed(hash);
    });
  }

  /** @param done is called when the task has ended, or will not be done because the run broke off before */
  private write(
    bytes: number,
    file: GrowingSegment | undefined,
    task: () => Promise<void>,
    done?: () => void,
  ): void {
    this.context.queue.push(bytes, async () => {
      try {
        if (!this.broken) await task();
      } catch (error) {
        this.broken = true;
        await file?.abandon().catch(() => undefined);
        this.context.failed({
          error,
          endMs: this.durableMs,
          announced: this.announced,
          segment: file?.opened,
        });
      } finally {
        done?.();
      }
    });
  }
}

/** A number from {@link MIN_PHASE} to 1 that is always the same for a stream, and spread evenly over streams. */
function phaseOf(camera: string, stream: string): number {
  const digest = createHash('sha256').update(`${camera}/${stream}`).digest();
  return MIN_PHASE + (1 - MIN_PHASE) * (digest.readUInt32BE(0) / 2 ** 32);
}

/** Place of a track in the file; below zero when the segment began before the track's present codec was known. */
function placeOf(segment: Segment, track: RunTrack): number {
  return segment.tracks.findIndex(
    (entry) => entry.track === track && entry.config === track.config,
  );
}

function add(segment: Segment, track: RunTrack, unit: MeasuredUnit): void {
  const place = placeOf(segment, track);
  if (place > 0) segment.builder.addSecondary(place, unit);
  else unit.block.release();
}

/** Early sound that lies behind the boundary is for the segment that begins there. */
function takeFrom(segment: Segment, track: RunTrack, ticks: number): MeasuredUnit[] {
  const place = placeOf(segment, track);
  return place > 0 ? segment.builder.takeSecondaryFrom(place, ticks) : [];
}
