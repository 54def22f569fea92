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
    name: 'time codes of 25 frames a second',
    wire: 'smpte-25=10:07:33:05-',
    canonical: 'npt=36453.200-',
    value: { unit: 'npt', start: 36_453.2, end: undefined },
  },
];

const at = (start: number, end?: number) => ({ unit: 'npt' as const, start, end });

describe('Range', () => {
  it.each([
    ['smpte=0:00:59:29-', at((59 * 30 + 29) / (30_000 / 1001))],
    // Numbers 0 and 1 of the minute are left out: this is the frame after the one above.
    ['smpte-30-drop=0:01:00:02-', at((60 * 30) / (30_000 / 1001))],
    ['smpte=1:00:00-1:10:00:00.5', at(3600.0036 - 0.0072, 4199.9958)],
    ['smpte-25=0:00:01:12.50-0:00:02', at(1.5, 2)],
  ])('counts the time codes of %s', (wire, value) => {
    const range = parseRange(wire) as Extract<Range, { unit: 'npt' }>;
    expect(range.start).toBeCloseTo(value.start, 2);
    if (value.end !== undefined) expect(range.end).toBeCloseTo(value.end, 1);
    else expect(range.end).toBeUndefined();
  });

  it('of another unit is told apart', () => {
    const other = { unit: 'other', text: 'bytes=0-100' };
    expect(parseRange('bytes=0-100')).toEqual(other);
    expect(printRange(other as Range)).toBe('bytes=0-100');
  });

  it('in RTSP 2.0 names its unit, and time codes are another one', () => {
    const strict = { strict: true };
    expect(parseRange('npt=1-', strict)).toEqual(at(1));
    expect(outcomeOf(() => parseRange('1-', strict))).toMatchObject({
      error: { where: { status: 400 } },
    });
    expect(parseRange('smpte=0:00:01-', strict).unit).toBe('other');
  });

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
    'smpte=-',
    'smpte=1-',
    'smpte=0:60:00-',
    'smpte-25=0:00:00:25-',
    'smpte=0:00:00:30-',
  ])('answers 400 to %j', (wire) => {
    expect(outcomeOf(() => parseRange(wire))).toMatchObject({
      error: { code: 'rtsp/range', where: { status: 400 } },
    });
  });

  it('throws nothing but NightjarError', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'npt=',
        'clock=',
        'smpte=',
        '0:00:01:02',
        '-',
        ':',
        'now',
        '20240101T000000Z',
        '.',
        '9999999999',
      ),
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
