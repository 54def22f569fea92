import { randomInt } from 'node:crypto';
import type { Clock, Timer } from '@nightjar/common';
import { LoopTimeline } from './loop-timeline.js';
import type { MediaLoop, UnitPackets } from './media-loop.js';

/** One access unit at the time it is due. */
export interface EncodedUnit {
  readonly track: number;
  readonly packets: UnitPackets;
  /** RTP timestamp, modulo 2^32. */
  readonly timestamp: number;
  /** Wall time that belongs to `timestamp`, for sender reports. */
  readonly wallMs: number;
  /** Number of the video frame since the camera's boot, from 1. */
  readonly frame: number;
}

export interface EncoderSink {
  unit(unit: EncodedUnit): void;
  /** All units due at the moment were given. */
  flush(): void;
}

/** Whoever is later than this with a unit, stopped or overloaded, leaves out what is due and begins with a keyframe. */
const MAX_LATENESS_MS = 1_000;

/**
 * Gives out the units of a loop in real time, on one timer. Due times are reckoned from the start, so they never drift; after
 * a short delay of the process all that is due comes at once. RTP timestamps follow the time since the boot, across pauses too.
 */
export class Encoder {
  /** Video frames given out since the encoder was made, reboots included. */
  frames = 0;
  private framesAtBoot = 0;
  private bootMs = 0;
  /** Per track, RTP timestamp at the boot; not yet modulo 2^32, like all timestamps in here. */
  private bootTimestamps: number[] = [];
  private startTimestamps: number[] = [];
  private timeline: LoopTimeline | undefined;
  private timer: Timer | undefined;

  constructor(
    private loop: MediaLoop,
    private readonly clock: Clock,
    private readonly sink: EncoderSink,
  ) {
    this.reboot();
  }

  get running(): boolean {
    return this.timeline !== undefined;
  }

  /** RTP timestamps of all tracks when the next keyframe is due, if it runs. */
  get nextKeyframeTimestamps(): readonly number[] | undefined {
    const { timeline } = this;
    return timeline && this.timestampsAt(timeline.nextKeyframeMs).map((ticks) => ticks >>> 0);
  }

  /** Begins with a keyframe, due now. */
  start(): void {
    if (!this.running) this.startAt(this.clock.monotonicMs());
  }

  stop(): void {
    this.timer?.cancel();
    this.timeline = undefined;
  }

  /** Goes over to another loop at its next keyframe, without a gap. Its tracks must be alike, see LoopTimeline. */
  switchTo(loop: MediaLoop): void {
    this.loop = loop;
    this.timeline?.switchTo(loop);
  }

  /** Moves the timestamps of all tracks, from the next unit on. */
  jump(seconds: number): void {
    const moved = (ticks: number, track: number): number =>
      ticks + Math.round(seconds * this.clockRateHz(track));
    this.bootTimestamps = this.bootTimestamps.map(moved);
    this.startTimestamps = this.startTimestamps.map(moved);
  }

  /** Stops, with frame numbers and timestamps to start anew. */
  reboot(): void {
    this.stop();
    this.framesAtBoot = this.frames;
    this.bootMs = this.clock.monotonicMs();
    this.bootTimestamps = this.loop.tracks.map(() => randomInt(2 ** 32));
  }

  private startAt(startMs: number): void {
    this.timer?.cancel();
    this.startTimestamps = this.timestampsAt(startMs);
    this.timeline = new LoopTimeline(this.loop, startMs);
    this.arm(this.timeline);
  }

  private arm(timeline: LoopTimeline): void {
    const delayMs = Math.max(0, timeline.nextDueMs - this.clock.monotonicMs());
    this.timer = this.clock.setTimer(delayMs, () => this.giveDue(timeline));
  }

  private giveDue(timeline: LoopTimeline): void {
    const nowMs = this.clock.monotonicMs();
    const wallMs = this.clock.wallMs();
    if (nowMs - timeline.nextDueMs > MAX_LATENESS_MS) {
      this.startAt(nowMs);
      return;
    }
    for (let due = timeline.take(nowMs); due !== undefined; due = timeline.take(nowMs)) {
      const { track, packets, elapsedTicks, dueMs } = due;
      if (track === 0) this.frames += 1;
      this.sink.unit({
        track,
        packets,
        timestamp: (this.startTimestamps[track]! + elapsedTicks) >>> 0,
        wallMs: wallMs - (nowMs - dueMs),
        frame: this.frames - this.framesAtBoot,
      });
    }
    this.sink.flush();
    // A sink may have stopped or restarted us.
    if (this.timeline === timeline) this.arm(timeline);
  }

  private timestampsAt(ms: number): number[] {
    return this.bootTimestamps.map(
      (ticks, track) => ticks + Math.round(((ms - this.bootMs) * this.clockRateHz(track)) / 1000),
    );
  }

  private clockRateHz(track: number): number {
    return this.loop.tracks[track]!.format.clockRateHz;
  }
}
