import { describe, expect, it } from '@jest/globals';
import { aimMet, median, quantile, ratioOf, type Figure } from './figures.js';

const figure = (value: number, rest: Partial<Figure> = {}): Figure => ({
  subject: 'nightjar',
  name: 'CPU',
  value,
  unit: 's',
  ...rest,
});

describe('a figure', () => {
  it('has a ratio to its reference, if it has one', () => {
    expect(ratioOf(figure(3, { reference: { value: 2, what: 'bare loop' } }))).toBe(1.5);
    expect(ratioOf(figure(3))).toBeUndefined();
    expect(ratioOf(figure(3, { reference: { value: 0, what: 'bare loop' } }))).toBeUndefined();
  });

  it.each([
    ['no aim', undefined, undefined],
    ['at most', { atMost: 3 }, true],
    ['at most, exceeded', { atMost: 2.9 }, false],
    ['at least', { atLeast: 3 }, true],
    ['at least, not reached', { atLeast: 3.1 }, false],
    ['ratio', { ratioAtMost: 1.5 }, true],
    ['ratio, exceeded', { ratioAtMost: 1.4 }, false],
    ['one of two', { ratioAtMost: 1.5, atMost: 2 }, false],
  ])('keeps its aim: %s', (_, aim, met) => {
    expect(aimMet(figure(3, { aim, reference: { value: 2, what: 'bare loop' } }))).toBe(met);
  });

  it('keeps no aim without a value or without the reference that the aim needs', () => {
    expect(aimMet(figure(Number.NaN, { aim: { atMost: 1 } }))).toBe(false);
    expect(aimMet(figure(1, { aim: { ratioAtMost: 2 } }))).toBe(false);
  });
});

describe('quantiles', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);

  it('are values of the sample', () => {
    expect([0, 0.5, 0.99, 1].map((q) => quantile(hundred, q))).toEqual([1, 51, 100, 100]);
    expect(quantile([], 0.5)).toBeNaN();
  });

  it('have a median between the middle two', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});
