import type { LoopTrack, MediaLoop, UnitPackets } from './media-loop.js';

export interface DueUnit {
  readonly track: number;
  readonly packets: UnitPackets;
  /** Ticks of the track's clock since the start of the timeline; runs on from loop to loop. */
  readonly elapsedTicks: number;
  readonly dueMs: number;
}

/** Says which unit of a loop is due when. Each due time is reckoned from the start, so lateness never adds up. */
export class LoopTimeline {
  /** Per track, how many units were taken. */
  private readonly taken: number[];
  private next: MediaLoop | undefined;

  /** @param startMs monotonic milliseconds at which the first unit of each track is due */
  constructor(
    private loop: MediaLoop,
    private readonly startMs: number,
  ) {
    this.taken = loop.tracks.map(() => 0);
  }

  /** When the next unit of any track is due. */
  get nextDueMs(): number {
    return Math.min(
      ...this.loop.tracks.map((track, index) => this.dueMs(track, this.taken[index]!)),
    );
  }

  /** When the next video keyframe that was not taken yet is due. */
  get nextKeyframeMs(): number {
    const video = this.loop.tracks[0]!;
    let count = this.taken[0]!;
    while (!video.units[count % video.units.length]!.keyframe) count += 1;
    return this.dueMs(video, count);
  }

  /** Goes over to another loop at its next keyframe. Its tracks must be alike in number, clocks and length of units. */
  switchTo(loop: MediaLoop): void {
    this.next = loop;
  }

  /** Takes the earliest unit that is due by `nowMs`; of two due at once, that of the first track. */
  take(nowMs: number): DueUnit | undefined {
    let best = -1;
    let bestMs = Infinity;
    this.loop.tracks.forEach((track, index) => {
      const dueMs = this.dueMs(track, this.taken[index]!);
      if (dueMs <= nowMs && dueMs < bestMs) {
        best = index;
        bestMs = dueMs;
      }
    });
    if (best < 0) return undefined;
    const count = this.taken[best]!;
    if (best === 0) this.switchIfDue(count);
    const track = this.loop.tracks[best]!;
    this.taken[best] = count + 1;
    return {
      track: best,
      packets: track.units[count % track.units.length]!,
      elapsedTicks: count * track.ticksPerUnit,
      dueMs: bestMs,
    };
  }

  private switchIfDue(count: number): void {
    const video = this.next?.tracks[0];
    if (this.next === undefined || !video!.units[count % video!.units.length]!.keyframe) return;
    this.loop = this.next;
    this.next = undefined;
  }

  private dueMs(track: LoopTrack, count: number): number {
    return this.startMs + (count * track.ticksPerUnit * 1000) / track.format.clockRateHz;
  }
}
