/** What was counted of one kind of work. */
export interface Count {
  /** Also its key in the budget file. */
  readonly name: string;
  readonly value: number;
}

/** What one count may be. */
export interface BudgetLine {
  /** A higher count fails. */
  readonly most: number;
  /** Fluctuation of the count that means nothing. */
  readonly noise?: number;
  readonly why: string;
}

export type Budget = Readonly<Record<string, BudgetLine>>;

/** Work that could not be counted here, by the beginning of the names of its counts. */
export interface Skipped {
  readonly prefix: string;
  readonly reason: string;
}

export interface Verdict {
  readonly passed: boolean;
  /** One per count, for people. */
  readonly lines: readonly string[];
  /** What must be done about counts over budget, and what could be done about those far below. */
  readonly remarks: readonly string[];
}

/** A count below this share of its budget is told, so that the budget can follow. */
const LOOSE_BELOW = 0.7;

/** @throws Error naming the line that is not `{ "most": number, "noise"?: number, "why": text }` */
export function parseBudget(text: string): Budget {
  const budget = JSON.parse(text) as Record<string, Partial<BudgetLine>>;
  for (const [name, { most, noise = 0, why }] of Object.entries(budget)) {
    if (typeof most !== 'number' || typeof noise !== 'number' || typeof why !== 'string')
      throw new Error(`budget: "${name}" needs "most" (a number) and "why" (the reason for it)`);
  }
  return budget as Budget;
}

/** Compares what was counted with what may be. @param file the budget's, named in the remarks */
export function judge(
  counts: readonly Count[],
  budget: Budget,
  skipped: readonly Skipped[],
  file: string,
): Verdict {
  const lines: string[] = [];
  const remarks: string[] = [];
  let passed = true;
  const fail = (remark: string): void => {
    passed = false;
    remarks.push(remark);
  };
  for (const { name, value } of counts) {
    const line = budget[name];
    if (line === undefined) {
      fail(`${name}: ${print(value)} has no budget; add it to ${file}, with the reason for it.`);
      continue;
    }
    const { most, noise = 0, why } = line;
    lines.push(`${value <= most ? 'ok  ' : 'OVER'}  ${name}: ${print(value)} of ${print(most)}`);
    if (value > most) {
      fail(
        `${name} is ${print(value)}, ${print(value - most)} over its budget of ${print(most)} (${why}). ` +
          `Find out what does more work now; if it is meant to, raise "most" in ${file} and say there why.`,
      );
    } else if (value + noise < LOOSE_BELOW * most) {
      remarks.push(
        `${name} is only ${print(value)} of ${print(most)}: lower "most" in ${file} to keep what was won.`,
      );
    }
  }
  for (const name of Object.keys(budget)) {
    if (counts.some((count) => count.name === name)) continue;
    const skip = skipped.find(({ prefix }) => name.startsWith(prefix));
    if (skip === undefined)
      fail(`${name} was not counted: mend the guard, or take it out of ${file}.`);
    else lines.push(`skip  ${name}: ${skip.reason}`);
  }
  return { passed, lines, remarks };
}

function print(value: number): string {
  return String(Number(value.toFixed(3)));
}
