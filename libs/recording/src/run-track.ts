import type { AccessUnit, CodecConfig, TrackFormat } from '@nightjar/rtp';
import { formatOf } from '@nightjar/rtp';
import { MediaClock } from './media-clock.js';
import { AUDIO_BLOCK_BYTES, TrackMemory, VIDEO_BLOCK_BYTES } from './media-memory.js';
import type { MediaPool } from './media-memory.js';
import type { MeasuredUnit, TimedUnit } from './segment-builder.js';
import { TickLine } from './tick-line.js';

/** One recorded track while its camera is there: its timestamps, its place in wall time and its codec. */
export class RunTrack {
  readonly line: TickLine;
  /** For the track's depacketizer. */
  readonly memory: TrackMemory;
  private mediaClock: MediaClock;
  /** What the units that come now need. */
  config: CodecConfig | undefined;
  private held: TimedUnit | undefined;

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
   * @returns its ticks on the line
   */
  place(unit: AccessUnit, arrivalMs: number, arrivalWallMs: number): number {
    const ticks = this.line.place(unit.ticks, arrivalMs, unit.keyframe);
    this.mediaClock.observe(ticks, arrivalWallMs);
    return ticks;
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
}

function measured(
  { data, block, keyframe, ticks }: TimedUnit,
  durationTicks: number,
): MeasuredUnit {
  return { data, block, keyframe, ticks, durationTicks };
}
