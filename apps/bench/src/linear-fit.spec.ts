import { describe, expect, it } from '@jest/globals';
import { fitLine } from './linear-fit.js';

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Numbers in [-0.5, 0.5) that are the same in every run. */
function noise(n: number): number[] {
  let state = 1;
  return range(n).map(() => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647 - 0.5;
  });
}

describe('fitLine', () => {
  it('finds an exact line without error', () => {
    const fit = fitLine(
      range(10),
      range(10).map((x) => 3 - 2 * x),
    );
    expect(fit.slope).toBeCloseTo(-2, 12);
    expect(fit.intercept).toBeCloseTo(3, 12);
    expect(fit.slopeError).toBeCloseTo(0, 12);
    expect(fit.residual).toBeCloseTo(0, 12);
  });

  it('gives the textbook error for independent noise', () => {
    const n = 1000;
    const fit = fitLine(
      range(n),
      noise(n).map((value, x) => 0.01 * x + value),
    );
    // Uniform noise has variance 1/12, and the squares of 0..n-1 around their mean add up to n(n²-1)/12.
    const expected = Math.sqrt(1 / 12 / ((n * (n * n - 1)) / 12));
    expect(fit.slopeError / expected).toBeGreaterThan(0.9);
    expect(fit.slopeError / expected).toBeLessThan(1.15);
    expect(Math.abs(fit.slope - 0.01)).toBeLessThan(4 * fit.slopeError);
  });

  it('trusts a saw-tooth less than noise of the same size', () => {
    const tooth = range(400).map((x) => x % 40);
    const shuffled = noise(400).map((value) => value * 40);
    expect(fitLine(range(400), tooth).slopeError).toBeGreaterThan(
      3 * fitLine(range(400), shuffled).slopeError,
    );
  });

  it('refuses what has no error', () => {
    expect(() => fitLine([1, 2], [1, 2])).toThrow(RangeError);
    expect(() => fitLine([1, 2, 3], [1, 2])).toThrow(RangeError);
  });
});
