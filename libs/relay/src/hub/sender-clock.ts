import type { WallTimeMs } from '@nightjar/common';

/**
 * The wall clock that our sender reports give readers: the camera's own sender reports carry the relation between its
 * tracks, so that lips stay in sync; the camera's clock as a whole is moved onto ours, since its date may be wrong.
 */
export class SenderClock {
  private offsetMs: number | undefined;
  private readonly mappings = new Map<
    number,
    { wallMs: number; timestamp: number; fromCamera: boolean }
  >();

  /** The camera's clock starts anew: forget how it stood. */
  reset(): void {
    this.offsetMs = undefined;
    this.mappings.clear();
  }

  /** A report of the camera, `timestamp` already in our numbering. A step of over 5 s in its clock is taken anew. */
  cameraReport(track: number, ntpMs: number, timestamp: number, nowMs: WallTimeMs): void {
    if (!Number.isFinite(ntpMs)) return;
    if (this.offsetMs === undefined || Math.abs(nowMs - ntpMs - this.offsetMs) > 5000) {
      this.offsetMs = nowMs - ntpMs;
    }
    this.mappings.set(track, { wallMs: ntpMs + this.offsetMs, timestamp, fromCamera: true });
  }

  /** Arrival of a packet: used as long as the camera itself reported nothing for this track. */
  arrival(track: number, timestamp: number, nowMs: WallTimeMs): void {
    const known = this.mappings.get(track);
    if (known === undefined)
      this.mappings.set(track, { wallMs: nowMs, timestamp, fromCamera: false });
  }

  /** The RTP timestamp of `track` at the wall time, or undefined before its first packet. */
  timestampAt(track: number, wallMs: WallTimeMs, clockRateHz: number): number | undefined {
    const mapping = this.mappings.get(track);
    if (mapping === undefined) return undefined;
    return (mapping.timestamp + Math.round(((wallMs - mapping.wallMs) / 1000) * clockRateHz)) >>> 0;
  }
}
