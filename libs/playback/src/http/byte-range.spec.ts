import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { byteRange } from './byte-range.js';

describe('byteRange', () => {
  it.each([
    [undefined, 'whole'],
    ['bytes=0-', { start: 0, end: 1_000 }],
    ['bytes=0-0', { start: 0, end: 1 }],
    ['bytes=999-', { start: 999, end: 1_000 }],
    ['bytes=10-5000', { start: 10, end: 1_000 }],
    ['bytes=-10', { start: 990, end: 1_000 }],
    ['bytes=-5000', { start: 0, end: 1_000 }],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=1000-', 'unsatisfiable'],
    ['bytes=20-10', 'whole'],
    ['bytes=-', 'whole'],
    ['bytes=0-1,5-6', 'whole'],
    ['items=0-1', 'whole'],
    [`bytes=${'9'.repeat(400)}-`, 'whole'],
  ])('of %j is %j', (header, range) => {
    expect(byteRange(header, 1_000)).toEqual(range);
  });

  it('never leaves the file', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.option(fc.nat()), fc.nat(), (text, a, b, size) => {
        for (const header of [text, `bytes=${a}-${b ?? ''}`, `bytes=-${a}`, `bytes=${text}`]) {
          const range = byteRange(header, size);
          if (typeof range === 'string') continue;
          expect(range.start).toBeGreaterThanOrEqual(0);
          expect(range.end).toBeLessThanOrEqual(size);
          expect(range.end).toBeGreaterThan(range.start);
        }
      }),
    );
  });
});
