import { describe, expect, it } from '@jest/globals';
import { MediaClock, WINDOW_MS } from './media-clock.js';
import { TickLine } from './tick-line.js';
import { MAX_SLEW } from './wall-clock.js';

const RATE = 90_000;
const DAY_MS = 24 * 3_600_000;
const START_MS = Date.UTC(2026, 0, 1);
const FRAME_MS = 200;
const GOP = 10;

/** Repeatable noise, 0 to 1. */
function noise(): () => number {
  let state = 12_345;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

interface Camera {
  /** Its clock is fast by so much. */
  readonly ppm: number;
  /** Its clock is set at these times. */
  readonly steps?: readonly { readonly atMs: number; readonly byMs: number }[];
}

/** A day of one camera over a network that delays and bunches; returns the worst errors seen after the first minute. */
function simulate({ ppm, steps = [] }: Camera): {
  driftMs: number;
  backMs: number;
  jumps: number;
  lost: boolean;
} {
  const random = noise();
  const line = new TickLine(RATE);
  const clock = new MediaClock(RATE);
  let driftMs = 0;
  let backMs = 0;
  let before = -Infinity;
  let stallUntilMs = 0;
  let lost = false;
  let lastArrivalMs = 0;
  for (let frame = 0; frame * FRAME_MS < DAY_MS; frame += 1) {
    const trueMs = frame * FRAME_MS;
    const stepMs = steps.reduce((sum, step) => (trueMs >= step.atMs ? sum + step.byMs : sum), 0);
    const cameraMs = trueMs * (1 + ppm * 1e-6) + stepMs;
    const ticks = Math.round(cameraMs * (RATE / 1000)) + 2 ** 40;
    if (random() < 1e-4) stallUntilMs = trueMs + 4_000 * random();
    const delayMs = 5 + 40 * random() ** 4 + (frame % GOP === 0 ? 30 : 0);
    lastArrivalMs = Math.max(lastArrivalMs, trueMs + delayMs, stallUntilMs);
    const placed = line.place(ticks, lastArrivalMs, frame % GOP === 0);
    clock.observe(placed, START_MS + lastArrivalMs);
    if (frame === 10) clock.anchor(0);
    const wallMs = clock.wallMs(placed);
    if (wallMs < before) backMs = Math.max(backMs, before - wallMs);
    before = wallMs;
    lost ||= clock.lost;
    if (frame > 300) driftMs = Math.max(driftMs, Math.abs(wallMs - START_MS - trueMs));
  }
  return { driftMs, backMs, jumps: line.jumps, lost };
}

describe('wall time of media over a day', () => {
  it.each([0, 200, -200])(
    'follows a camera that is fast by %d ppm',
    (ppm) => {
      const { driftMs, backMs, jumps, lost } = simulate({ ppm });
      expect(driftMs).toBeLessThan(100);
      expect(backMs).toBe(0);
      expect(jumps).toBe(0);
      expect(lost).toBe(false);
    },
    20_000,
  );

  it('does not follow a camera that sets its clock forwards and back', () => {
    const hour = 3_600_000;
    const steps = [
      { atMs: 2 * hour, byMs: 3_000 },
      { atMs: 4 * hour, byMs: 50 * hour },
      { atMs: 6 * hour + 700, byMs: -5_000 },
      { atMs: 8 * hour, byMs: -60 * hour },
      { atMs: 10 * hour, byMs: -400 },
      { atMs: 12 * hour + 900, byMs: -1_200 },
    ];
    const { driftMs, backMs, jumps } = simulate({ ppm: -150, steps });
    expect(jumps).toBe(steps.length);
    expect(driftMs).toBeLessThan(100);
    expect(backMs).toBe(0);
  }, 20_000);
});

describe('MediaClock', () => {
  it('says that it is lost when the camera holds its clock for seconds', () => {
    const clock = new MediaClock(RATE);
    const observe = (mediaMs: number, arrivalMs: number): void =>
      clock.observe(mediaMs * 90, arrivalMs);
    for (let ms = 0; ms < 30_000; ms += 40) {
      observe(ms, START_MS + ms);
      if (ms === 1_000) clock.anchor(0);
    }
    expect(clock.lost).toBe(false);
    for (let ms = 30_000; ms < 60_000; ms += 40) observe(ms, START_MS + ms + 2_000);
    expect(clock.lost).toBe(true);
  });

  it('takes the least delayed of the first units for the truth', () => {
    const clock = new MediaClock(RATE);
    clock.observe(0, START_MS + 300);
    clock.observe(3600, START_MS + 310);
    clock.observe(7200, START_MS + 80);
    expect(clock.wallMs(0)).toBe(START_MS);
    expect(clock.ticksAt(START_MS + 40)).toBe(3600);
  });

  it('follows our own clock while that is slewed, whatever the camera needs besides', () => {
    const clock = new MediaClock(RATE);
    const wallOffset = (ms: number): number => START_MS - ms * MAX_SLEW;
    let errorMs = 0;
    for (let ms = 0; ms < 4 * 3_600_000; ms += 200) {
      const ticks = ms * 90 * (1 + 200e-6);
      clock.observe(ticks, ms, wallOffset(ms));
      if (ms === 2_000) clock.anchor(0);
      if (ms > 60_000)
        errorMs = Math.max(errorMs, Math.abs(clock.wallMs(ticks) - ms - wallOffset(ms)));
    }
    expect(errorMs).toBeLessThan(5);
    expect(clock.lost).toBe(false);
  });

  it('stays where it is when our own clock is set: the run ends in the time that it began in', () => {
    const clock = new MediaClock(RATE);
    for (let ms = 0; ms < 10_000; ms += 40) {
      clock.observe(ms * 90, ms, ms < 8_000 ? START_MS : START_MS + 3_600_000);
      if (ms === 2_000) clock.anchor(0);
    }
    expect(clock.wallMs(9_960 * 90)).toBe(START_MS + 9_960);
  });

  it('owes what a camera lost that held its clock, when two windows agree on it', () => {
    const clock = new MediaClock(RATE);
    const lateFrom = (fromMs: number, toMs: number): void => {
      for (let ms = fromMs; ms < toMs; ms += 40) {
        clock.observe(ms * 90, START_MS + ms + (fromMs > 0 ? 200 : 0));
        if (ms === 2_000) clock.anchor(0);
      }
    };
    lateFrom(0, 20_000);
    lateFrom(20_000, 20_000 + WINDOW_MS);
    expect(clock.owedMs(false)).toBe(0);
    lateFrom(20_000 + WINDOW_MS, 20_000 + 3 * WINDOW_MS);
    expect(clock.owedMs(false)).toBeGreaterThan(190);
    clock.settle(false);
    expect(clock.wallMs(30_000 * 90)).toBeCloseTo(START_MS + 30_200, 0);
    expect(clock.owedMs(false)).toBe(0);
  });

  it('does not owe what a burst through a slow network took', () => {
    const clock = new MediaClock(RATE);
    for (let ms = 0; ms < 60_000; ms += 40) {
      const lateMs = ms > 20_000 && ms < 24_000 ? 24_000 - ms : 0;
      clock.observe(ms * 90, START_MS + ms + lateMs);
      if (ms === 2_000) clock.anchor(0);
      expect(clock.owedMs(false)).toBe(0);
    }
  });
});
