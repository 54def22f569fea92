import { describe, expect, it } from '@jest/globals';
import { Positions } from './position.js';

describe('Positions', () => {
  it.each([
    ['cut', [0, 60_000, 120_000, 180_000]],
    ['keep', [0, 60_000, 220_000, 280_000]],
  ] as const)('%s holes', (holesAs, starts) => {
    const positions = new Positions(1_000_000, holesAs);
    const pieces = [
      [1_000_000, 1_060_000],
      [1_060_010, 1_120_010],
      [1_220_010, 1_280_010],
      [1_280_010, 1_340_000],
    ] as const;
    const placed = pieces.map(([startMs, endMs]) => {
      const { shiftMs, touches } = positions.next(startMs, endMs);
      return { at: startMs - shiftMs, touches };
    });
    placed.forEach(({ at }, index) => expect(Math.abs(at - starts[index]!)).toBeLessThan(20));
    expect(placed.map(({ touches }) => touches)).toEqual([false, true, false, true]);
    expect(positions.holes).toEqual([{ startMs: 1_120_010, endMs: 1_220_010 }]);
  });

  it('plays footage of the same wall time one after the other', () => {
    const positions = new Positions(0, 'keep');
    positions.next(0, 60_000);
    const { shiftMs, touches } = positions.next(30_000, 90_000);
    expect(30_000 - shiftMs).toBe(60_000);
    expect(touches).toBe(false);
  });
});
