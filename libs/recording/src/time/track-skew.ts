/** A sender report of the camera for one track (RFC 3550 s.6.4.1), on the track's line. */
export interface CameraTime {
  /** The camera's clock, Unix epoch; whatever date it believes in. */
  readonly ntpMs: number;
  /** Media time on the line at that instant. */
  readonly mediaMs: number;
  /** Monotonic. */
  readonly arrivalMs: number;
}

/** Reports of two tracks belong together if they came so close, */
export const MAX_REPORTS_APART_MS = 30_000;
/** and if the camera's clock stood alike in both: it may have been set in between. */
export const MAX_CLOCK_DIFFERENCE_MS = 1_000;
/** Relations that are remembered; the middle one counts, so that a bad report does nothing. */
const REMEMBERED = 3;
/** Without a report of both tracks for so long, arrivals are the judge again. */
export const MAX_SKEW_AGE_MS = 60_000;

/** What is to be added to the leader's offset from media to wall time to get the follower's. */
export function skewOf(leader: CameraTime, follower: CameraTime): number {
  return follower.ntpMs - follower.mediaMs - (leader.ntpMs - leader.mediaMs);
}

/**
 * How the media times of two tracks stand to each other, by the camera's sender reports. Only differences of its clock are
 * used: it may be in 1970, in local time, or drift; but it is one clock for both tracks.
 */
export class TrackSkew {
  private recent: number[] = [];
  private skewMs: number | undefined;
  private freshMs = -Infinity;

  /** Takes notice of the newest reports of both tracks. */
  add(leader: CameraTime, follower: CameraTime): void {
    const apartMs = follower.arrivalMs - leader.arrivalMs;
    if (Math.abs(apartMs) > MAX_REPORTS_APART_MS) return;
    if (Math.abs(follower.ntpMs - leader.ntpMs - apartMs) > MAX_CLOCK_DIFFERENCE_MS) return;
    this.recent.push(skewOf(leader, follower));
    if (this.recent.length > REMEMBERED) this.recent.shift();
    const sorted = this.recent.toSorted((a, b) => a - b);
    this.skewMs = sorted[sorted.length >> 1];
    this.freshMs = Math.max(leader.arrivalMs, follower.arrivalMs);
  }

  /** The clock of one of the tracks jumped: what is known holds until the next reports, and does not speak against them. */
  forget(): void {
    this.recent = [];
  }

  /** As {@link skewOf}; undefined when the reports do not tell, or not any more. */
  at(nowMs: number): number | undefined {
    return nowMs - this.freshMs > MAX_SKEW_AGE_MS ? undefined : this.skewMs;
  }
}
