import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { daysUntilFull, horizonDays } from './forecast.js';

const inflow = (bytesPerDay: number, growsForDays = Infinity) => ({ bytesPerDay, growsForDays });

describe('days until a volume is full', () => {
  it.each([
    { name: 'one camera', room: 100, inflows: [inflow(10)], days: 10 },
    { name: 'two cameras', room: 100, inflows: [inflow(10), inflow(40)], days: 2 },
    {
      name: 'one that stops growing first',
      room: 100,
      inflows: [inflow(10), inflow(40, 1)],
      days: 6,
    },
    {
      name: 'all stop growing in time',
      room: 100,
      inflows: [inflow(10, 5), inflow(10, 4)],
      days: undefined,
    },
    { name: 'nothing is written', room: 100, inflows: [inflow(0)], days: undefined },
    { name: 'no camera', room: 100, inflows: [], days: undefined },
    { name: 'a full volume', room: 0, inflows: [], days: 0 },
    { name: 'a camera that has all it may', room: 10, inflows: [inflow(10, 0)], days: undefined },
  ])('$name: $days', ({ room, inflows, days }) => {
    expect(daysUntilFull(room, inflows)).toBe(days);
  });

  it('is the day on which what was written equals the room, for any cameras', () => {
    const days = fc.oneof(fc.double({ min: 0, max: 400, noNaN: true }), fc.constant(Infinity));
    const cameras = fc.array(
      fc.record({ bytesPerDay: fc.integer({ min: 0, max: 1_000 }), growsForDays: days }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), cameras, (room, inflows) => {
        const full = daysUntilFull(room, inflows);
        const writtenBy = (day: number): number =>
          inflows.reduce((sum, one) => sum + one.bytesPerDay * Math.min(day, one.growsForDays), 0);
        if (full === undefined) {
          for (const one of inflows)
            if (one.growsForDays === Infinity) expect(one.bytesPerDay).toBe(0);
          const finite = inflows.filter(({ growsForDays }) => growsForDays !== Infinity);
          expect(
            finite.reduce((sum, one) => sum + one.bytesPerDay * one.growsForDays, 0),
          ).toBeLessThanOrEqual(room * (1 + 1e-9));
        } else expect(Math.abs(writtenBy(full) - room)).toBeLessThan(1e-6 * room);
      }),
    );
  });
});

describe('the horizon of a full volume', () => {
  it.each([
    { capacity: 100, wishes: [{ bytesPerDay: 10, days: 5 }], days: Infinity },
    { capacity: 100, wishes: [{ bytesPerDay: 10, days: 30 }], days: 10 },
    {
      capacity: 100,
      wishes: [
        { bytesPerDay: 10, days: 2 },
        { bytesPerDay: 10, days: 30 },
      ],
      days: 8,
    },
    { capacity: -5, wishes: [{ bytesPerDay: 10, days: 2 }], days: 0 },
  ])('$capacity bytes: $days days', ({ capacity, wishes, days }) => {
    expect(horizonDays(capacity, wishes)).toBe(days);
  });
});
