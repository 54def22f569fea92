import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { outcomeOf } from '../test-support/outcome-of.js';
import { parseFrames } from './frames.js';
import { parseImmediate } from './immediate.js';
import { parseScale, printScale } from './scale.js';
import { parseSpeed, printSpeed } from './speed.js';

const refused = (code: string): object => ({ error: { code, where: { status: 400 } } });

describe('Scale', () => {
  it.each([
    ['1', 1],
    [' 2.500 ', 2.5],
    ['-1.0', -1],
    ['+4', 4],
    ['.5', 0.5],
    ['0.25', 0.25],
    ['1000000000', 1e9],
  ])('reads %j', (wire, value) => {
    expect(parseScale(wire)).toBe(value);
  });

  it.each(['', 'abc', '0', '-0.0', '0.000', '1e9', 'NaN', 'Infinity', '1,5', '2x', '--1', '1 2'])(
    'answers 400 to %j',
    (wire) => {
      expect(outcomeOf(() => parseScale(wire))).toMatchObject(refused('rtsp/scale'));
    },
  );

  it('reads back what was printed', () => {
    fc.assert(
      fc.property(fc.integer({ min: -64_000, max: 64_000 }), (thousandths) => {
        fc.pre(thousandths !== 0);
        expect(parseScale(printScale(thousandths / 1000))).toBe(thousandths / 1000);
      }),
    );
  });
});

describe('Speed', () => {
  it.each([
    ['1.0', { min: 1, max: 1 }],
    ['1.0-2.5', { min: 1, max: 2.5 }],
    [' 0.5 - 4 ', { min: 0.5, max: 4 }],
    ['2-', { min: 2, max: Infinity }],
  ])('reads %j', (wire, value) => {
    expect(parseSpeed(wire)).toEqual(value);
  });

  it.each(['', 'fast', '0', '0-0', '2-1', '-1', '1e3', '1-2-3', 'NaN', '1.0x'])(
    'answers 400 to %j',
    (wire) => {
      expect(outcomeOf(() => parseSpeed(wire))).toMatchObject(refused('rtsp/speed'));
    },
  );

  it('reads back what was printed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (thousandths) => {
        const speed = thousandths / 1000;
        expect(parseSpeed(printSpeed(speed))).toEqual({ min: speed, max: speed });
      }),
    );
  });
});

describe('Frames', () => {
  it.each([
    ['all', { kind: 'all' }],
    ['Predicted', { kind: 'predicted' }],
    ['intra', { kind: 'intra', minIntervalMs: 0 }],
    [' intra/4000 ', { kind: 'intra', minIntervalMs: 4000 }],
  ])('reads %j', (wire, value) => {
    expect(parseFrames(wire)).toEqual(value);
  });

  it.each(['', 'x', 'intra/', 'intra/-1', 'intra/a', 'all/100', 'predicted/5', 'intra/1/2'])(
    'answers 400 to %j',
    (wire) => {
      expect(outcomeOf(() => parseFrames(wire))).toMatchObject(refused('rtsp/frames'));
    },
  );
});

describe('Immediate', () => {
  it.each([
    ['yes', true],
    [' No', false],
  ])('reads %j', (wire, value) => {
    expect(parseImmediate(wire)).toBe(value);
  });

  it.each(['', 'now', '1', 'yes, no'])('answers 400 to %j', (wire) => {
    expect(outcomeOf(() => parseImmediate(wire))).toMatchObject(refused('rtsp/immediate'));
  });
});

it('the headers of replay throw nothing but NightjarError, and give sound numbers', () => {
  const piece = fc.oneof(
    fc.constantFrom('-', '.', '0', '1', '9999999999', 'intra', '/', 'e', ' ', 'yes', 'Infinity'),
    fc.string({ maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join('');
      const scale = outcomeOf(() => parseScale(text));
      if ('value' in scale) expect(Math.abs(scale.value)).toBeGreaterThan(0);
      const speed = outcomeOf(() => parseSpeed(text));
      if ('value' in speed) expect(speed.value.max).toBeGreaterThanOrEqual(speed.value.min);
      outcomeOf(() => parseFrames(text));
      outcomeOf(() => parseImmediate(text));
    }),
  );
});
