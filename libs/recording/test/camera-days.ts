import type { ClockEvent } from './camera-clock.js';
import { randomOf } from './camera-clock.js';
import type { SystemClockEvent } from './camera-day.js';
import type { CameraModel, Reporting } from './simulated-camera.js';

const HOUR_MS = 3_600_000;
/** Events do not come closer than this, so that each can be judged. */
const APART_MS = 300_000;

export type Happening =
  | 'clock set by less than half a second'
  | 'clock set by seconds'
  | 'clock set by hours'
  | 'picture clock stands still'
  | 'picture clock stands still and catches up'
  | 'silence'
  | 'silence with clocks held'
  | 'network stall'
  | 'our clock set forwards'
  | 'our clock set back by seconds'
  | 'our clock slewed';

export interface Disturbance {
  readonly what: Happening;
  readonly atMs: number;
}

export interface CameraDay {
  readonly model: CameraModel;
  readonly systemClock: readonly SystemClockEvent[];
  readonly disturbances: readonly Disturbance[];
}

/** A clock that lost less than can be told from a slow network is set right after so long, */
const LOST_TIME_MS = 45_000;
/** and footage takes notice of our own clock being set at the next keyframe. */
const NEXT_KEYFRAME_MS = 3_000;
/** The first sound after a silence may be off by a part of a packet. */
const SILENCE_MS = 10_000;
/** Sound and picture are put together by reports after so long: some of them, and the end of a segment. */
export const REPORTS_TELL_MS = 70_000;
/** After a jump by which each track was put right by its own arrival, new reports come within this, and a seam. */
export const REPORTS_AGAIN_MS = 20_000;

/** Without reports each track is put right by its own arrivals alone, by slewing if it is off by little. */
export const SLEWED_APART_MS = 200_000;
/** What may put the clocks of two tracks apart. */
export const CLOCK_FAULTS: ReadonlySet<Happening> = new Set<Happening>([
  'clock set by less than half a second',
  'clock set by seconds',
  'clock set by hours',
  'picture clock stands still',
  'picture clock stands still and catches up',
  'silence',
  'silence with clocks held',
]);

/** After what happens times may be wrong for so long. */
export const SETTLING_MS: Readonly<Record<Happening, number>> = {
  'clock set by less than half a second': LOST_TIME_MS,
  'clock set by seconds': 0,
  'clock set by hours': 0,
  'picture clock stands still': LOST_TIME_MS,
  'picture clock stands still and catches up': LOST_TIME_MS,
  silence: SILENCE_MS,
  'silence with clocks held': LOST_TIME_MS,
  'network stall': 0,
  'our clock set forwards': NEXT_KEYFRAME_MS,
  'our clock set back by seconds': 0,
  'our clock slewed': 0,
};

export const KINDS: readonly Happening[] = [
  'clock set by less than half a second',
  'clock set by seconds',
  'clock set by hours',
  'picture clock stands still',
  'picture clock stands still and catches up',
  'silence',
  'silence with clocks held',
  'network stall',
  'our clock set forwards',
  'our clock set back by seconds',
  'our clock slewed',
];

/** A day of a camera, made up from a seed: its rates, its habits and what befalls it, one thing every ten minutes or so. */
export function dayOf(seed: number, lengthMs: number, fixed: Partial<CameraModel> = {}): CameraDay {
  const random = randomOf(seed);
  const between = (low: number, high: number): number => low + (high - low) * random();
  const sign = (): number => (random() < 0.5 ? -1 : 1);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const videoPpm = between(-200, 200);
  // Most cameras count media by the clock that they set by SNTP, some by a crystal.
  const countsByDate = random() < 0.5;
  const pictureClock: ClockEvent[] = [];
  const soundClock: ClockEvent[] = [];
  const date: ClockEvent[] = [];
  const silences: [number, number][] = [];
  const stalls: [number, number][] = [];
  const systemClock: SystemClockEvent[] = [];
  const disturbances: Disturbance[] = [];
  const all = (event: ClockEvent): void => {
    date.push(event);
    if (countsByDate) {
      pictureClock.push(event);
      soundClock.push(event);
    }
  };
  const happen: Record<Happening, (atMs: number) => void> = {
    'clock set by less than half a second': (atMs) =>
      all({ kind: 'step', atMs, byMs: sign() * between(20, 480) }),
    'clock set by seconds': (atMs) =>
      all({ kind: 'step', atMs, byMs: sign() * between(600, 9_000) }),
    'clock set by hours': (atMs) =>
      all({ kind: 'step', atMs, byMs: sign() * between(0.5, 20) * HOUR_MS }),
    'picture clock stands still': (atMs) =>
      pictureClock.push({ kind: 'stand', atMs, forMs: between(200, 1_500), catchUp: false }),
    'picture clock stands still and catches up': (atMs) =>
      pictureClock.push({ kind: 'stand', atMs, forMs: between(200, 1_500), catchUp: true }),
    silence: (atMs) => silences.push([atMs, atMs + between(300, 8_000)]),
    'silence with clocks held': (atMs) => {
      const forMs = between(100, 3_000);
      silences.push([atMs, atMs + forMs]);
      pictureClock.push({ kind: 'stand', atMs, forMs, catchUp: false });
      soundClock.push({ kind: 'stand', atMs, forMs, catchUp: false });
    },
    'network stall': (atMs) => stalls.push([atMs, atMs + between(200, 4_000)]),
    'our clock set forwards': (atMs) =>
      systemClock.push({ atMs, byMs: random() < 0.5 ? between(100, 5_000) : HOUR_MS }),
    'our clock set back by seconds': (atMs) =>
      systemClock.push({ atMs, byMs: -between(0.1, 10) * 1_000 }),
    'our clock slewed': (atMs) => systemClock.push({ atMs, byMs: 0, slewPpm: sign() * 400 }),
  };
  let next = Math.floor(random() * KINDS.length);
  for (let atMs = APART_MS; atMs < lengthMs - APART_MS; atMs += between(1, 2) * APART_MS) {
    const what = KINDS[(next += 1) % KINDS.length] as Happening;
    happen[what](atMs);
    disturbances.push({ what, atMs });
  }
  const model: CameraModel = {
    seed,
    framesPerSecond: 5,
    gopFrames: 10,
    bFrames: false,
    videoPpm,
    soundPpm: videoPpm + between(-30, 30),
    soundRateHz: 8_000,
    soundSamples: 1_024,
    soundUnitsPerPacket: 1 + Math.floor(random() * 3),
    videoDelayMs: between(40, 120),
    reporting: pick<Reporting>(['both', 'both', 'video-only', 'zero', 'none']),
    dateMs: pick([Date.UTC(2026, 2, 29), 0, Date.UTC(2026, 2, 29, 5, 30), Date.UTC(2012, 1, 1)]),
    firstReportMs: pick([0, 0, 10 * 60_000]),
    reportJitterMs: between(0, 15),
    pictureClock,
    soundClock,
    date,
    silences,
    stalls,
    jitterMs: between(5, 60),
    ...fixed,
  };
  return { model, systemClock, disturbances };
}
