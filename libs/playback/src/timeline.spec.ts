import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Timeline } from './timeline.js';

const footage = [
  { startMs: 1000, endMs: 2000 },
  { startMs: 2001, endMs: 3000 },
  { startMs: 5000, endMs: 6000 },
];

describe('the timeline of a recording', () => {
  it('counts recorded time only', () => {
    const timeline = new Timeline(footage, 0, 10_000);
    expect([timeline.startMs, timeline.endMs, timeline.durationMs]).toEqual([1000, 6000, 3000]);
    expect([0, 1999, 2000, 2500, 9999].map((npt) => timeline.wallAt(npt))).toEqual([
      1000, 2999, 5000, 5500, 6000,
    ]);
    expect([0, 1000, 2999, 4000, 5500, 9999].map((wall) => timeline.nptAt(wall))).toEqual([
      0, 0, 1999, 2000, 2500, 3000,
    ]);
    expect([999, 2000, 3000, 5999, 6000].map((wall) => timeline.covers(wall))).toEqual([
      false,
      true,
      false,
      true,
      false,
    ]);
  });

  it('is clipped to the addressed range', () => {
    const timeline = new Timeline(footage, 1500, 5250);
    expect([timeline.startMs, timeline.endMs, timeline.durationMs]).toEqual([1500, 5250, 1750]);
    expect(new Timeline(footage, 3000, 5000).empty).toBe(true);
  });

  it('maps every play time to footage and back', () => {
    const spans = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 1, max: 5000 })),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(spans, fc.double({ min: 0, max: 0.999, noNaN: true }), (gaps, at) => {
        let clock = 0;
        const list = gaps.map(([gap, length]) => {
          const startMs = clock + gap;
          clock = startMs + length;
          return { startMs, endMs: clock };
        });
        const timeline = new Timeline(list, 0, clock);
        const npt = at * timeline.durationMs;
        const wall = timeline.wallAt(npt);
        expect(timeline.covers(wall)).toBe(true);
        expect(timeline.nptAt(wall)).toBeCloseTo(npt, 6);
      }),
    );
  });
});
