/** A straight line through samples that come at equal intervals, and how sure its slope is. */
export interface LinearFit {
  /** Change of y per unit of x. */
  readonly slope: number;
  /** y at x = 0. */
  readonly intercept: number;
  /**
   * Standard error of the slope, with the samples counted as the fewer independent ones they are worth (their lag-1
   * autocorrelation; a collector's saw-tooth makes neighbours alike). Infinity when they are worth fewer than three.
   */
  readonly slopeError: number;
  /** Standard deviation of what the line leaves over, in units of y. */
  readonly residual: number;
}

/** Least squares. @param x rising, as long as `y`; both at least three samples @throws RangeError otherwise */
export function fitLine(x: readonly number[], y: readonly number[]): LinearFit {
  const n = x.length;
  if (n < 3 || y.length !== n) throw new RangeError(`a fit wants 3 or more pairs, not ${n}`);
  const [meanX, meanY] = [mean(x), mean(y)];
  let sxx = 0;
  let sxy = 0;
  for (let i = 0; i < n; i++) {
    sxx += (x[i]! - meanX) ** 2;
    sxy += (x[i]! - meanX) * (y[i]! - meanY);
  }
  const slope = sxy / sxx;
  const intercept = meanY - slope * meanX;
  const left = y.map((value, i) => value - intercept - slope * x[i]!);
  const squares = left.reduce((sum, value) => sum + value * value, 0);
  const alike = squares === 0 ? 0 : Math.max(0, lag1(left) / squares);
  const worth = (n * (1 - alike)) / (1 + alike);
  const slopeError = worth > 2 ? Math.sqrt(squares / (worth - 2) / sxx) : Infinity;
  return { slope, intercept, slopeError, residual: Math.sqrt(squares / n) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function lag1(values: readonly number[]): number {
  let sum = 0;
  for (let i = 1; i < values.length; i++) sum += values[i]! * values[i - 1]!;
  return sum;
}
