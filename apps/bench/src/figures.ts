/** What a figure is compared with. */
export interface Reference {
  /** In the unit of the figure, from the same run. */
  readonly value: number;
  /** What was measured, such as `bare loop`. */
  readonly what: string;
}

/** Bounds that a figure should keep; all given ones count. */
export interface Aim {
  readonly atMost?: number;
  readonly atLeast?: number;
  /** Upper bound of the figure divided by its reference. */
  readonly ratioAtMost?: number;
}

/** One line of the result. */
export interface Figure {
  /** What was measured: `nightjar`, the name of a peer, or the name of a reference program. */
  readonly subject: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly reference?: Reference | undefined;
  readonly aim?: Aim | undefined;
}

/** Value by reference; undefined without a reference, or with one that nothing can be divided by. */
export function ratioOf({ value, reference }: Figure): number | undefined {
  return reference === undefined || reference.value <= 0 ? undefined : value / reference.value;
}

/** Whether the figure keeps its aim, undefined when it has none. A figure that is no number keeps none. */
export function aimMet(figure: Figure): boolean | undefined {
  const { value, aim } = figure;
  if (aim === undefined) return undefined;
  const { atMost = Infinity, atLeast = -Infinity, ratioAtMost } = aim;
  const bounded = value <= atMost && value >= atLeast;
  return bounded && (ratioAtMost === undefined || (ratioOf(figure) ?? Number.NaN) <= ratioAtMost);
}

/** The smallest value that `q` (0-1) of all values do not exceed, roughly; NaN of nothing. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** Of an even number of values the mean of the middle two; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? Number.NaN;
  const lower = sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
  return (lower + upper) / 2;
}
