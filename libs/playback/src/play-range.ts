import { NightjarError } from '@nightjar/common';
import { printRange, type Range } from '@nightjar/rtsp';
import type { Timeline } from './timeline.js';

/** The range of a PLAY, on the wall clock. Undefined: as far as there is footage in that direction. */
export interface WallRange {
  /** `live`: now. */
  readonly startMs: number | 'live' | undefined;
  readonly endMs: number | undefined;
}

/** Start of the time scale of NTP, Unix epoch milliseconds. */
const NTP_ORIGIN_MS = Date.UTC(1900, 0, 1);

/**
 * The range as it was meant.
 * field: GStreamer's rtspsrc in ONVIF mode takes the play time of an SDP for seconds since 1900; no footage is from before 1970.
 */
export function asMeant(range: Range | undefined): Range | undefined {
  if (range?.unit !== 'clock') return range;
  const { start, end } = range;
  if ((start ?? -1) >= 0 || (end ?? -1) >= 0) return range;
  const seconds = (ms: number | undefined): number | undefined =>
    ms === undefined ? undefined : (ms - NTP_ORIGIN_MS) / 1000;
  return { unit: 'npt', start: seconds(start), end: seconds(end) };
}

/** Whether the client has set an end. */
export function hasEnd(range: Range | undefined): boolean {
  return range !== undefined && range.unit !== 'other' && range.end !== undefined;
}

/** Whether a range names what the time line does not know yet, and may by now. */
export function reachesBeyond(
  range: Range | undefined,
  timeline: Timeline,
  backward: boolean,
): boolean {
  if (!timeline.growing || range?.unit === 'other') return false;
  const start = range?.start;
  if (start === undefined) return backward;
  if (start === 'now') return true;
  return range?.unit === 'npt' ? start * 1000 >= timeline.durationMs : start >= timeline.endMs;
}

/**
 * What a range of either unit means on the time line of a mount.
 * @param comingMs play time that is being recorded and not readable yet
 * @throws NightjarError with status 457 when it points against the direction of play, 501 for another unit
 */
export function wallRange(
  range: Range | undefined,
  timeline: Timeline,
  { backward, comingMs }: { readonly backward: boolean; readonly comingMs: number },
): WallRange {
  if (range === undefined) return { startMs: undefined, endMs: undefined };
  if (range.unit === 'other') {
    throw new NightjarError('invalid', 'playback/range-unit', 'unknown range unit', {
      status: 501,
    });
  }
  const { start, end } = range;
  if (typeof start === 'number' && end !== undefined && (backward ? end >= start : end <= start))
    throw outside();
  if (range.unit === 'clock') return { startMs: range.start, endMs: range.end };
  const wall = (seconds: number | undefined): number | undefined => {
    if (seconds === undefined) return undefined;
    if (seconds < 0) throw outside();
    return timeline.wallAt(seconds * 1000);
  };
  if (start === 'now') return { startMs: 'live', endMs: wall(end) };
  if (!backward && (start ?? 0) * 1000 >= timeline.durationMs + comingMs) throw outside();
  return { startMs: wall(start), endMs: wall(end) };
}

/** What is really played, in the unit that the client used. */
export function printPlayed(
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number | undefined },
  timeline: Timeline,
  unit: 'npt' | 'clock',
): string {
  if (unit === 'clock') return printRange({ unit, start: startMs, end: endMs });
  const seconds = (wallMs: number): number => timeline.nptAt(wallMs) / 1000;
  const end = endMs === undefined ? undefined : seconds(endMs);
  return printRange({ unit, start: seconds(startMs), end });
}

export function outside(): NightjarError {
  return new NightjarError('invalid', 'playback/range', 'the range lies outside the recording', {
    status: 457,
  });
}
