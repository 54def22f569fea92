import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { outcomeOf } from '../test-support/outcome-of.js';
import { parseRateControl } from './rate-control.js';

describe('Rate-Control', () => {
  it.each([
    ['yes', 'yes'],
    ['no', 'no'],
    [' No ', 'no'],
    ['YES', 'yes'],
  ])('reads %j', (wire, value) => {
    expect(parseRateControl(wire)).toBe(value);
  });

  it.each(['', 'maybe', 'no, yes', '0'])('answers 400 to %j', (wire) => {
    expect(outcomeOf(() => parseRateControl(wire))).toMatchObject({
      error: { code: 'rtsp/rate-control', where: { status: 400 } },
    });
  });

  it('throws nothing but NightjarError', () => {
    fc.assert(
      fc.property(fc.string(), (wire) => {
        outcomeOf(() => parseRateControl(wire));
      }),
    );
  });
});
