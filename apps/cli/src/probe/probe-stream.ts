import { NightjarError, systemClock } from '@nightjar/common';
import { awaitPicture, type PictureTarget } from '@nightjar/relay';

export interface ProbeResult {
  /** As `video H264`. */
  readonly tracks: readonly string[];
  /** From the beginning to the first packet of a keyframe; without video, to the first packet. */
  readonly firstPictureMs: number;
  /** Of RTP packets until then. */
  readonly bytes: number;
  /** What the camera did that it should not, and that was borne: names of docs/ref/quirks.md. */
  readonly quirks: readonly string[];
}

/** Attempts that must fail before a camera is given up. */
const ATTEMPTS = 3;

/**
 * Connects as the relay does, waits for a picture and leaves.
 * @throws NightjarError `unavailable` with the reason when there is none in time, or none to be had, `invalid` for a URL that is none
 */
export async function probeStream(target: PictureTarget, timeoutMs: number): Promise<ProbeResult> {
  // Timers of the clock keep no process alive, and between two attempts there is nothing else.
  const awake = setInterval(() => undefined, timeoutMs);
  try {
    const limits = { timeoutMs, attempts: ATTEMPTS };
    const { tracks, ...picture } = await awaitPicture(target, limits, systemClock);
    const named = tracks.map(({ format }) => `${format.kind} ${format.encodingName}`);
    return { tracks: named, ...picture };
  } catch (error) {
    if (!(error instanceof NightjarError) || error.code !== 'relay/no-picture') throw error;
    const { reason, quirks } = error.where;
    const why = reason === undefined ? error.message : `${reason} (${error.message})`;
    const met = quirks === undefined ? '' : ` (its quirks: ${quirks})`;
    const message = `no picture of ${target.url}: ${why}${met}`;
    throw new NightjarError('unavailable', 'probe/no-picture', message, error.where, error);
  } finally {
    clearInterval(awake);
  }
}
