import { describe, expect, it } from '@jest/globals';
import { recordDay } from '../../test/camera-day.js';
import type { SystemClockEvent } from '../../test/camera-day.js';
import { dayOf } from '../../test/camera-days.js';
import type { CameraDay } from '../../test/camera-days.js';
import { judgeDay } from '../../test/judge-day.js';
import type { Judgement } from '../../test/judge-day.js';
import { SimulatedCamera } from '../../test/simulated-camera.js';

const LONG = process.env['NIGHTJAR_LONG'] === '1';
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** Architecture: no drift beyond this from true arrival, */
const MAX_DRIFT_MS = 100;
/** and sound within this of its picture. */
const MAX_SYNC_MS = 40;
/** A run begins at a keyframe. */
const MISSING_PER_RUN = 2 * 10;
const TIMEOUT_MS = LONG ? 1_200_000 : 120_000;

async function judged(plan: CameraDay, lengthMs: number, segmentMs?: number): Promise<Judgement> {
  const camera = new SimulatedCamera(plan.model);
  const day = await recordDay(camera, lengthMs, plan.systemClock, segmentMs);
  const judgement = judgeDay(plan, camera, day);
  if (LONG || process.env['NIGHTJAR_FIGURES'] === '1')
    process.stdout.write(
      `${JSON.stringify({ seed: plan.model.seed, reporting: plan.model.reporting, ...judgement }, rounded)}\n`,
    );
  return judgement;
}

function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toFixed(3)) : value;
}

function expectTrue(judgement: Judgement): void {
  expect(judgement).toMatchObject({ overlaps: 0, seamMs: 0, twice: 0 });
  expect(judgement.pictureMs).toBeLessThanOrEqual(MAX_DRIFT_MS);
  expect(judgement.soundMs).toBeLessThanOrEqual(MAX_DRIFT_MS);
  expect(judgement.syncMs).toBeLessThanOrEqual(MAX_SYNC_MS);
  expect(judgement.missing).toBeLessThanOrEqual(judgement.runs * MISSING_PER_RUN);
}

describe('time of recorded footage', () => {
  it(
    'is true for hours (NIGHTJAR_LONG=1: a day) of a camera whose clocks drift, jump and stand still, while ours is set and slewed',
    async () => {
      const lengthMs = (LONG ? 24 : 3) * HOUR_MS;
      const plan = dayOf(11, lengthMs, {
        framesPerSecond: 4,
        gopFrames: 8,
        soundUnitsPerPacket: 3,
        reporting: 'both',
      });
      const judgement = await judged(plan, lengthMs, 2 * MINUTE_MS);
      expectTrue(judgement);
    },
    TIMEOUT_MS,
  );

  const seeds = LONG ? Array.from({ length: 20 }, (_, seed) => seed + 1) : [2, 4];
  const hours = LONG ? 4 : 1;
  it.each(seeds)(
    'is true for the camera that is made up from %d',
    async (seed) => {
      expectTrue(await judged(dayOf(seed, hours * HOUR_MS), hours * HOUR_MS));
    },
    TIMEOUT_MS,
  );

  it(
    'is true for a camera with B-frames',
    async () => {
      const lengthMs = (LONG ? 120 : 12) * MINUTE_MS;
      const plan = dayOf(5, 0, {
        framesPerSecond: 25,
        gopFrames: 25,
        bFrames: true,
        reporting: 'both',
        firstReportMs: 0,
        pictureClock: [{ kind: 'step', atMs: 4 * MINUTE_MS, byMs: 5_000 }],
        soundClock: [{ kind: 'step', atMs: 4 * MINUTE_MS, byMs: 5_000 }],
        date: [{ kind: 'step', atMs: 4 * MINUTE_MS, byMs: 5_000 }],
        stalls: [[8 * MINUTE_MS, 8 * MINUTE_MS + 2_000]],
      });
      expectTrue(await judged(plan, lengthMs));
    },
    TIMEOUT_MS,
  );

  it(
    'never overlaps on the disk when our clock comes back from a wrong future',
    async () => {
      const lengthMs = 100 * MINUTE_MS;
      const systemClock: SystemClockEvent[] = [
        { atMs: 10 * MINUTE_MS, byMs: HOUR_MS },
        { atMs: 15 * MINUTE_MS, byMs: -HOUR_MS },
      ];
      const plan = dayOf(7, 0, { reporting: 'both', firstReportMs: 0 });
      const camera = new SimulatedCamera(plan.model);
      const day = await recordDay(camera, lengthMs, systemClock);
      const present = day.units.filter(
        ({ track, errorMs }) => track === 0 && Math.abs(errorMs) < 100,
      );
      const judgement = judgeDay(
        {
          ...plan,
          disturbances: systemClock.map(({ atMs }) => ({ what: 'our clock set forwards', atMs })),
        },
        camera,
        day,
      );
      expect(judgement).toMatchObject({ overlaps: 0, seamMs: 0, twice: 0 });
      expect(judgement.pictureMs).toBeLessThan(MAX_DRIFT_MS);
      // Five minutes were recorded an hour ahead; when the present came there, it took their place.
      expect(day.aside).toHaveLength(5);
      expect(present.length).toBeGreaterThan((95 * MINUTE_MS) / 200 - 3 * MISSING_PER_RUN);
    },
    TIMEOUT_MS,
  );
});
