import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import { parseDuration, parseSize, printDuration, printSize } from './units.js';

describe('durations', () => {
  it.each([
    { text: '500ms', ms: 500 },
    { text: '90s', ms: 90_000 },
    { text: '5m', ms: 300_000 },
    { text: '12h', ms: 43_200_000 },
    { text: '30d', ms: 2_592_000_000 },
    { text: '2w', ms: 1_209_600_000 },
    { text: '0ms', ms: 0 },
  ])('reads and prints $text', ({ text, ms }) => {
    expect(parseDuration(text)).toBe(ms);
    expect(parseDuration(printDuration(ms))).toBe(ms);
  });

  it.each(['', '30', 'd', '1.5h', '-1s', '1 s', '1h30m', '1S', '999999999999999w'])(
    'refuses "%s"',
    (text) => {
      expect(() => parseDuration(text)).toThrow(NightjarError);
    },
  );

  it('prints the largest unit that divides', () => {
    expect([1_500, 3_600_000, 86_400_000, 0].map(printDuration)).toEqual([
      '1500ms',
      '1h',
      '1d',
      '0ms',
    ]);
  });

  it('reads back whatever it prints', () => {
    fc.assert(fc.property(fc.nat({ max: 1e12 }), (ms) => parseDuration(printDuration(ms)) === ms));
  });
});

describe('sizes', () => {
  it.each([
    { text: '500GB', bytes: 5e11 },
    { text: '10GiB', bytes: 10 * 2 ** 30 },
    { text: '64MB', bytes: 64e6 },
    { text: '1kB', bytes: 1_000 },
    { text: '1KB', bytes: 1_000 },
    { text: '4KiB', bytes: 4_096 },
    { text: '7B', bytes: 7 },
  ])('reads and prints $text', ({ text, bytes }) => {
    expect(parseSize(text)).toBe(bytes);
    expect(parseSize(printSize(bytes))).toBe(bytes);
  });

  it.each(['', '10', 'GB', '1.5TB', '5 GB', '10gb', '-1B', '999999TB'])('refuses "%s"', (text) => {
    expect(() => parseSize(text)).toThrow(NightjarError);
  });

  it('reads back whatever it prints', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (bytes) => parseSize(printSize(bytes)) === bytes));
  });
});

it('throws nothing but NightjarError for any text', () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom(parseDuration, parseSize), (text, parse) => {
      try {
        return Number.isSafeInteger(parse(text));
      } catch (error) {
        return error instanceof NightjarError;
      }
    }),
  );
});
