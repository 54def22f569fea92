import type { Timeline } from './timeline.js';

/**
 * The media time of one playback session, which is when units are to be shown: it only moves on, through pauses and seeks, so
 * that the RTP timestamps built on it never jump (RFC 2326 appendix B: the receiver must see one continuous stream).
 * Only a replay backwards that the client paces has the times of the recording, which fall. Milliseconds throughout.
 */
export class MediaTime {
  /** Media time of {@link anchorNptMs}. */
  private offsetMs = 0;
  private anchorNptMs = 0;
  /** Media time per play time; negative: the later is shown first. */
  private rate = 1;
  private reachedMs = 0;

  constructor(private readonly timeline: Timeline) {}

  /**
   * Play goes on from this wall time.
   * @param leadMs distance to what was sent last, about one frame
   */
  moveTo(wallMs: number, leadMs: number, rate = 1): void {
    this.offsetMs = this.reachedMs === 0 ? 0 : this.reachedMs + leadMs;
    this.anchorNptMs = this.nptAt(wallMs);
    this.rate = rate;
  }

  /** From this wall time on play is faster or slower. */
  bend(wallMs: number, rate: number): void {
    this.offsetMs = this.at(wallMs);
    this.anchorNptMs = this.nptAt(wallMs);
    this.rate = rate;
  }

  /** Media time of a unit that is sent. */
  at(wallMs: number): number {
    const mediaMs = this.offsetMs + (this.nptAt(wallMs) - this.anchorNptMs) * this.rate;
    this.reachedMs = Math.max(this.reachedMs, mediaMs);
    return mediaMs;
  }

  /** Audio that begins a little before the first picture has a negative play time rather than none. */
  private nptAt(wallMs: number): number {
    const { startMs } = this.timeline;
    return wallMs < startMs ? wallMs - startMs : this.timeline.nptAt(wallMs);
  }
}
