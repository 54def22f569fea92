import type { RecordedDay } from './camera-day.js';
import {
  CLOCK_FAULTS,
  REPORTS_AGAIN_MS,
  REPORTS_TELL_MS,
  SETTLING_MS,
  SLEWED_APART_MS,
} from './camera-days.js';
import type { CameraDay, Happening } from './camera-days.js';
import type { SimulatedCamera } from './simulated-camera.js';

/** Times on the line move by this much when they are put into whole milliseconds and stretched. */
const BEFORE_MS = 500;
/** Delay of sound that is taken for usual when no report tells better: as that of pictures (see RunTrack). */
const USUAL_DELAY_MS = 40;

/** The worst that was found in a day. All in ms. */
export interface Judgement {
  /** Segments that begin before the one before them ends. */
  readonly overlaps: number;
  /** Between segments of one run. */
  readonly seamMs: number;
  /** Wall time against true arrival, of pictures and of sound; while nothing is settling. */
  readonly pictureMs: number;
  readonly soundMs: number;
  /** Sound against pictures of the same instant. */
  readonly syncMs: number;
  /** Wall time against true arrival while something settles. */
  readonly settlingMs: number;
  /** Share of the day in which something settles. */
  readonly settlingShare: number;
  /** Pictures that should have been recorded and were not, and those found twice. */
  readonly missing: number;
  readonly twice: number;
  readonly runs: number;
}

/** Compares what the files of a day say with what happened. */
export function judgeDay(
  { disturbances, model }: CameraDay,
  camera: SimulatedCamera,
  { segments, units }: RecordedDay,
): Judgement {
  const after = (
    times: (what: Happening) => number,
  ): { readonly has: (atMs: number) => boolean; readonly lengthMs: number } => {
    const windows = disturbances
      .filter(({ what }) => times(what) > 0)
      .map(({ what, atMs }) => [atMs - BEFORE_MS, atMs + times(what)] as const);
    return {
      has: (atMs) => windows.some(([fromMs, toMs]) => atMs >= fromMs && atMs < toMs),
      lengthMs: windows.reduce((sum, [fromMs, toMs]) => sum + toMs - fromMs, 0),
    };
  };
  const settling = after((what) => SETTLING_MS[what]);
  const beingSet = after((what) => (what === 'our clock set forwards' ? SETTLING_MS[what] : 0));
  const apart = after((what) => {
    if (!CLOCK_FAULTS.has(what)) return 0;
    return model.reporting === 'both' ? REPORTS_AGAIN_MS : SLEWED_APART_MS;
  });
  const [pictures] = camera.counts;
  const pictureErrors = new Float64Array(pictures).fill(Number.NaN);
  const worst = { pictureMs: 0, soundMs: 0, syncMs: 0, settlingMs: 0 };
  let twice = 0;
  for (const { track, id, errorMs } of units) {
    if (track !== 0) continue;
    if (!Number.isNaN(pictureErrors[id] ?? 0)) twice += 1;
    pictureErrors[id] = errorMs;
    const takenMs = camera.takenMs(0, id);
    // What lies between our own clock being set and the next keyframe is off by as much as that: no figure of ours.
    if (beingSet.has(takenMs)) continue;
    const key = settling.has(takenMs) ? 'settlingMs' : 'pictureMs';
    worst[key] = Math.max(worst[key], Math.abs(errorMs));
  }
  const tellsMs =
    model.reporting === 'both' ? Math.max(model.firstReportMs, 0) + REPORTS_TELL_MS : Infinity;
  for (const { track, id, errorMs } of units) {
    if (track !== 1) continue;
    const takenMs = camera.takenMs(1, id);
    if (
      settling.has(takenMs) ||
      (takenMs > model.firstReportMs && takenMs < tellsMs && tellsMs < Infinity)
    )
      continue;
    // Nothing but reports can tell how long a camera keeps its pictures back.
    const knownMs = takenMs < tellsMs ? USUAL_DELAY_MS - model.videoDelayMs : 0;
    worst.soundMs = Math.max(worst.soundMs, Math.abs(errorMs - knownMs));
    const pictureMs = pictureErrors[Math.round((takenMs * model.framesPerSecond) / 1000)];
    if (pictureMs === undefined || Number.isNaN(pictureMs) || apart.has(takenMs)) continue;
    worst.syncMs = Math.max(worst.syncMs, Math.abs(errorMs - pictureMs - knownMs));
  }
  let overlaps = 0;
  let seamMs = 0;
  segments.forEach((segment, index) => {
    const before = segments[index - 1];
    if (before === undefined) return;
    if (segment.startMs < before.endMs) overlaps += 1;
    if (segment.run === before.run) seamMs = Math.max(seamMs, segment.startMs - before.endMs);
  });
  const missing = pictureErrors.filter(
    (errorMs, id) =>
      Number.isNaN(errorMs) && !camera.isSilent(camera.takenMs(0, id) + model.videoDelayMs),
  ).length;
  const settlingShare = settling.lengthMs / camera.takenMs(0, pictures);
  const runs = new Set(segments.map(({ run }) => run)).size;
  return { overlaps, seamMs, ...worst, settlingShare, missing, twice, runs };
}
