/** One line of the result. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What a bare loop of the same runtime took for the same bytes in the same run. */
  readonly reference?: number;
  /** What value divided by reference should not exceed. */
  readonly aim?: number;
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** A table for people. */
export function printFigures(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, unit, reference, aim }) => [
    name,
    round(value),
    unit,
    reference === undefined ? '' : round(reference),
    reference === undefined ? '' : `${round(value / reference)}x`,
    aim === undefined ? '' : `<= ${aim}x`,
  ]);
  const table = [['figure', 'value', 'unit', 'bare loop', 'ratio', 'aim'], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function round(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : '-';
}
