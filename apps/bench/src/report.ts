import type { Environment } from './environment.js';
import { aimMet, ratioOf, type Aim, type Figure } from './figures.js';

/** A figure of a case that ran. */
export interface CaseFigure extends Figure {
  readonly case: string;
}

/** The result as a document: every figure with all that can be known of it, null where it does not apply. */
export function toJson(environment: Environment, figures: readonly CaseFigure[]): object {
  return {
    environment,
    figures: figures.map((figure) => ({
      case: figure.case,
      subject: figure.subject,
      name: figure.name,
      value: finite(figure.value),
      unit: figure.unit,
      reference: figure.reference ?? null,
      ratio: finite(ratioOf(figure)),
      aim: figure.aim ?? null,
      met: aimMet(figure) ?? null,
    })),
  };
}

/** A table for people. */
export function toTable(figures: readonly CaseFigure[]): string {
  const rows = figures.map((figure) => {
    const { reference } = figure;
    const ratio = ratioOf(figure);
    const met = aimMet(figure);
    return [
      figure.case,
      figure.subject,
      figure.name,
      round(figure.value),
      figure.unit,
      reference === undefined ? '' : `${round(reference.value)} ${reference.what}`,
      ratio === undefined ? '' : `${round(ratio)}x`,
      figure.aim === undefined ? '' : printAim(figure.aim),
      met === undefined ? '' : met ? 'met' : 'MISSED',
    ];
  });
  const head = ['case', 'subject', 'figure', 'value', 'unit', 'reference', 'ratio', 'aim', ''];
  const table = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  return table.map(line).join('\n');
}

/** One line about the environment. */
export function printEnvironment({ node, cores, cpuModel, kernel, date }: Environment): string {
  return `node ${node}, ${cores} cores ${cpuModel}, Linux ${kernel}, ${date}`;
}

function printAim({ atMost, atLeast, ratioAtMost }: Aim): string {
  return [
    ratioAtMost === undefined ? [] : `<= ${ratioAtMost}x`,
    atMost === undefined ? [] : `<= ${atMost}`,
    atLeast === undefined ? [] : `>= ${atLeast}`,
  ]
    .flat()
    .join(', ');
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

/** Three digits, and whole numbers as they are. */
function round(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return String(Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(3)));
}
