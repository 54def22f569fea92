import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { WallClock } from './wall-clock.js';

const HOUR_MS = 3_600_000;

/** Turns the hands in steps of 10 s, as a recorder would look at them; fails if our time ever stands or runs back. */
function run(clock: ManualClock, wall: WallClock, ms: number): void {
  let before = wall.now();
  for (let done = 0; done < ms; done += 10_000) {
    clock.advance(10_000);
    const now = wall.now();
    expect(now - before).toBeGreaterThanOrEqual(10_000 * (1 - 500e-6) - 1e-6);
    expect(now - before).toBeLessThanOrEqual(10_000 * (1 + 500e-6) + 1e-6);
    before = now;
  }
}

describe('WallClock', () => {
  it('follows a small correction of the system clock slowly', () => {
    const clock = new ManualClock();
    const wall = new WallClock(clock);
    clock.stepWall(-800);
    run(clock, wall, 1_000_000);
    expect(wall.now() - clock.wallMs()).toBeCloseTo(300, 3);
    run(clock, wall, HOUR_MS);
    expect(wall.now()).toBeCloseTo(clock.wallMs(), 3);
    expect(wall.steps).toBe(0);
  });

  it('never runs back for a step of up to a minute', () => {
    const clock = new ManualClock();
    const wall = new WallClock(clock);
    clock.stepWall(-59_000);
    run(clock, wall, 24 * HOUR_MS);
    expect(wall.steps).toBe(0);
  });

  it.each([5_000, 365 * 24 * HOUR_MS, -HOUR_MS])(
    'follows a step of %d ms at once, and says so',
    (stepMs) => {
      const clock = new ManualClock();
      const wall = new WallClock(clock);
      clock.advance(1_000);
      clock.stepWall(stepMs);
      clock.advance(10);
      expect(wall.now()).toBe(clock.wallMs());
      expect(wall.steps).toBe(1);
    },
  );

  it('gives the time of an instant that has passed', () => {
    const clock = new ManualClock(1_000_000);
    const wall = new WallClock(clock);
    const arrival = clock.monotonicMs();
    clock.advance(500);
    expect(wall.at(arrival)).toBe(1_000_000);
  });
});
