/** How far a unit may be sent before it is shown. */
const MAX_AHEAD_MS = 1_000;

/**
 * When units are to be sent, of which only the time of showing is known. With B-frames a unit is needed before that: one
 * frame after the unit before it.
 */
export class DueClock {
  private dueMs: number | undefined;
  private frameMs = 0;

  /**
   * @param timeMs when it is shown
   * @param frameMs how long, 0 when that is not known
   */
  next(timeMs: number, frameMs: number): number {
    const { dueMs } = this;
    const after = dueMs === undefined || this.frameMs === 0 ? timeMs : dueMs + this.frameMs;
    const due = Math.max(Math.min(timeMs, after), timeMs - MAX_AHEAD_MS);
    this.frameMs = frameMs;
    this.dueMs = Math.max(dueMs ?? due, due);
    return this.dueMs;
  }
}
