import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeTimes, hasReordering } from './decode-times.js';

describe('decode times', () => {
  it('are the presentation times where nothing is reordered', () => {
    expect(decodeTimes([0, 40, 80], 0)).toEqual([0, 40, 80]);
    expect(hasReordering([0, 40, 80])).toBe(false);
  });

  it('are the sorted presentation times of B-frames', () => {
    expect(decodeTimes([0, 120, 40, 80], 0)).toEqual([0, 40, 80, 120]);
    expect(hasReordering([0, 120, 40, 80])).toBe(true);
  });

  it('go on where the samples before ended', () => {
    expect(decodeTimes([160, 200], 180)).toEqual([180, 200]);
  });

  it('always rise, and begin at the floor or behind', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 }),
        fc.nat(500),
        (pts, floor) => {
          const times = decodeTimes(pts, floor);
          expect(times[0]).toBeGreaterThanOrEqual(floor);
          for (let at = 1; at < times.length; at += 1)
            expect(times[at]).toBeGreaterThan(times[at - 1] ?? Infinity);
        },
      ),
    );
  });
});
