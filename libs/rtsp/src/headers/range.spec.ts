import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { outcomeOf } from '../test-support/outcome-of.js';
import { parseRange, printRange, type Range } from './range.js';

const WIRE_TABLE: readonly { name: string; wire: string; canonical: string; value: Range }[] = [
  {
    name: 'the live edge',
    wire: 'npt=now-',
    canonical: 'npt=now-',
    value: { unit: 'npt', start: 'now', end: undefined },
  },
  {
    name: 'seconds',
    wire: 'npt=12.5-20',
    canonical: 'npt=12.500-20.000',
    value: { unit: 'npt', start: 12.5, end: 20 },
  },
  {
    name: 'an end alone',
    wire: 'npt=-10',
    canonical: 'npt=-10.000',
    value: { unit: 'npt', start: undefined, end: 10 },
  },
  {
    name: 'hours',
    wire: 'npt=1:02:03.4-',
    canonical: 'npt=3723.400-',
    value: { unit: 'npt', start: 3723.4, end: undefined },
  },
  {
    name: 'no prefix, a point without dash, time to act',
    wire: ' 7.;time=19970123T143720Z',
    canonical: 'npt=7.000-',
    value: { unit: 'npt', start: 7, end: undefined },
  },
  {
    name: 'an open end written as now (field)',
    wire: 'NPT = 0 - now',
    canonical: 'npt=0.000-',
    value: { unit: 'npt', start: 0, end: undefined },
  },
  {
    name: 'the clock, nine digits of a second',
    wire: 'clock=20261120T130000.123456789Z-20261120T130100Z',
    canonical: 'clock=20261120T130000.123Z-20261120T130100.000Z',
    value: {
      unit: 'clock',
      start: Date.UTC(2026, 10, 20, 13, 0, 0, 123),
      end: Date.UTC(2026, 10, 20, 13, 1),
    },
  },
  {
    name: 'the clock, open',
    wire: 'clock=20240229T235959.5z-',
    canonical: 'clock=20240229T235959.500Z-',
    value: { unit: 'clock', start: Date.UTC(2024, 1, 29, 23, 59, 59, 500), end: undefined },
  },
  {
    name: 'the clock, an end alone (ONVIF)',
    wire: 'clock=-20240229T235959Z',
    canonical: 'clock=-20240229T235959.000Z',
    value: { unit: 'clock', start: undefined, end: Date.UTC(2024, 1, 29, 23, 59, 59) },
  },
  {
    name: 'another unit',
    wire: 'smpte-25=10:07:33:05.01-',
    canonical: 'smpte-25=10:07:33:05.01-',
    value: { unit: 'other', text: 'smpte-25=10:07:33:05.01-' },
  },
];

describe('Range', () => {
  it.each(WIRE_TABLE)('reads and prints: $name', ({ wire, canonical, value }) => {
    expect(parseRange(wire)).toEqual(value);
    expect(printRange(value)).toBe(canonical);
  });

  it.each([
    '',
    'npt=',
    'npt=-',
    'npt=a-b',
    'npt=--5',
    'npt=1e9-',
    'npt=1:2-',
    'clock=-',
    'clock=',
    'clock=20230229T000000Z-',
    'clock=20241301T000000Z-',
    'clock=20240101T240000Z-',
    'clock=20240101T000000-',
  ])('answers 400 to %j', (wire) => {
    expect(outcomeOf(() => parseRange(wire))).toMatchObject({
      error: { code: 'rtsp/range', where: { status: 400 } },
    });
  });

  it('throws nothing but NightjarError', () => {
    const piece = fc.oneof(
      fc.constantFrom('npt=', 'clock=', '-', ':', 'now', '20240101T000000Z', '.', '9999999999'),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const outcome = outcomeOf(() => parseRange(pieces.join('')));
        if (!('value' in outcome) || outcome.value.unit === 'other') return;
        expect(Number.isNaN(outcome.value.start)).toBe(false);
      }),
    );
  });

  it('reads back what was printed, to the millisecond', () => {
    const seconds = fc.nat({ max: 10_000_000_000 }).map((ms) => ms / 1000);
    const epochMs = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) });
    const range: fc.Arbitrary<Range> = fc.oneof(
      fc.record({
        unit: fc.constant('npt' as const),
        start: fc.oneof(seconds, fc.constant('now' as const)),
        end: fc.option(seconds, { nil: undefined }),
      }),
      fc.record({
        unit: fc.constant('clock' as const),
        start: epochMs,
        end: fc.option(epochMs, { nil: undefined }),
      }),
    );
    fc.assert(
      fc.property(range, (value) => {
        expect(parseRange(printRange(value))).toEqual(value);
      }),
    );
  });
});
