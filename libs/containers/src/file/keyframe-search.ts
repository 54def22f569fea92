import type { MediaFileUnit } from './media-file.js';

/** First step back from the wanted time; each further one is four times as long. */
const FIRST_STEP_MS = 2_000;
const ROUNDING_MS = 0.01;

/**
 * Time of the last keyframe of the first track at or before a time, of the first one when all are later.
 * @param read units from somewhere at or before a time on
 */
export async function keyframeBefore(
  wantedMs: number,
  read: (fromMs: number) => AsyncGenerator<MediaFileUnit>,
): Promise<number> {
  for (let backMs = FIRST_STEP_MS; ; backMs *= 4) {
    const fromMs = Math.max(0, wantedMs - backMs);
    let found: number | undefined;
    for await (const { track, keyframe, timeMs } of read(fromMs)) {
      if (track !== 0) continue;
      if (timeMs > wantedMs + ROUNDING_MS && (found !== undefined || fromMs > 0)) break;
      if (keyframe) found = timeMs;
      if (keyframe && timeMs > wantedMs) break;
    }
    if (found !== undefined || fromMs === 0) return found ?? 0;
  }
}
