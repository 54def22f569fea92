import type { RunTrack } from './run-track.js';
import type { Run } from './run.js';

/** A camera that sends nothing for longer leaves a gap, even if it goes on as if nothing had happened. */
export const MIN_SILENCE_MS = 1_000;

/** What is missing inside a run: damaged units up to the next keyframe, and silence. */
export class RunLosses {
  /** Wall time from which units are missing. */
  private lostSinceMs: number | undefined;
  /** Where the next unit of the leader should begin. */
  private expectedTicks: number | undefined;

  /** @param tell takes what is missing, between wall times */
  constructor(
    private readonly tell: (
      startMs: number,
      endMs: number,
      reason: 'packet-loss' | 'stalled',
    ) => void,
  ) {}

  /** The leader is lost from a tick on: what waits of the run is written. */
  lose(run: Run, track: RunTrack, ticks: number): void {
    run.pause();
    this.lostSinceMs = Math.min(run.endMs, track.clock.wallMs(ticks));
  }

  /** The leader goes on at a tick: tells of the time before, if more than one frame is missing. */
  goOn(track: RunTrack, ticks: number): void {
    const { clock, clockRateHz, line } = track;
    const endMs = clock.wallMs(ticks);
    const frameMs = (line.interval / clockRateHz) * 1000;
    if (this.lostSinceMs !== undefined) {
      if (endMs - this.lostSinceMs > frameMs) this.tell(this.lostSinceMs, endMs, 'packet-loss');
    } else if (this.expectedTicks !== undefined) {
      const startMs = clock.wallMs(this.expectedTicks);
      if (endMs - startMs > Math.max(MIN_SILENCE_MS, 4 * frameMs))
        this.tell(startMs, endMs, 'stalled');
    }
    this.lostSinceMs = undefined;
    this.expectedTicks = Math.max(this.expectedTicks ?? 0, ticks + line.interval);
  }

  /** The run is over. */
  forget(): void {
    this.lostSinceMs = undefined;
    this.expectedTicks = undefined;
  }
}
