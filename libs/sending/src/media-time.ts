/** Normal play time of what is stored (RFC 2326 s.3.6), milliseconds. */
export interface PlayTimes {
  /** The first instant that has a play time. */
  readonly startMs: number;
  /** Play time of an instant from there on. */
  nptAt(atMs: number): number;
}

/**
 * The media time of one session that plays what is stored, which is when units are to be shown: it only moves on, through pauses and seeks, so
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

  constructor(private readonly times: PlayTimes) {}

  /**
   * Play goes on from this instant of the recording or file.
   * @param leadMs distance to what was sent last, about one frame
   */
  moveTo(atMs: number, leadMs: number, rate = 1): void {
    this.offsetMs = this.reachedMs === 0 ? 0 : this.reachedMs + leadMs;
    this.anchorNptMs = this.nptAt(atMs);
    this.rate = rate;
  }

  /** From this instant on play is faster or slower. */
  bend(atMs: number, rate: number): void {
    this.offsetMs = this.at(atMs);
    this.anchorNptMs = this.nptAt(atMs);
    this.rate = rate;
  }

  /** Media time of a unit that is sent. */
  at(atMs: number): number {
    const mediaMs = this.offsetMs + (this.nptAt(atMs) - this.anchorNptMs) * this.rate;
    this.reachedMs = Math.max(this.reachedMs, mediaMs);
    return mediaMs;
  }

  /** Audio that begins a little before the first picture has a negative play time rather than none. */
  private nptAt(atMs: number): number {
    const { startMs } = this.times;
    return atMs < startMs ? atMs - startMs : this.times.nptAt(atMs);
  }
}
