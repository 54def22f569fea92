import type { MediaFile, MediaFileUnit } from '@nightjar/containers';

/** Times come back from files a little rounded. */
const ROUNDING_MS = 0.01;

/**
 * The keyframes of a file that can be sought in, without reading what lies between.
 * @param track of the pictures
 * @param fromMs as the file gave it
 * @param stepMs from one to the next at least
 */
export async function* keyframesOf(
  media: MediaFile,
  track: number,
  fromMs: number,
  stepMs: number,
): AsyncGenerator<MediaFileUnit> {
  for (let at: number | undefined = fromMs; at !== undefined;) {
    const unit = await keyframeAt(media, track, at);
    if (unit === undefined) return;
    // Sent when it is shown: nothing comes before it.
    yield { ...unit, dueMs: unit.timeMs };
    at = await nextAfter(media, Math.max(at, unit.timeMs), stepMs);
  }
}

async function keyframeAt(
  media: MediaFile,
  track: number,
  fromMs: number,
): Promise<MediaFileUnit | undefined> {
  for await (const unit of media.units(fromMs))
    if (unit.track === track && unit.keyframe) return unit;
  return undefined;
}

/** Where the first keyframe behind a time is, at least a step further. */
async function nextAfter(
  media: MediaFile,
  afterMs: number,
  stepMs: number,
): Promise<number | undefined> {
  const { durationMs = 0 } = media;
  for (let probeMs = afterMs + stepMs; probeMs < durationMs; probeMs += stepMs) {
    const foundMs = await media.startAt(probeMs);
    if (foundMs > afterMs + ROUNDING_MS) return foundMs;
  }
  return undefined;
}
