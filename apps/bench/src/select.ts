import type { Case } from './case.js';

/** The named cases in the order of the registry, or the default ones when none is named. */
export function selectCases(cases: readonly Case[], names: readonly string[]): Case[] {
  return cases.filter(({ name, default: isDefault }) =>
    names.length === 0 ? isDefault : names.includes(name),
  );
}

/** What `--list` prints. */
export function listCases(cases: readonly Case[]): string {
  const width = Math.max(...cases.map(({ name }) => name.length));
  return cases
    .map(
      ({ name, summary, default: isDefault }) =>
        `${name.padEnd(width)}  ${summary}${isDefault ? '' : ' (only when named)'}\n`,
    )
    .join('');
}
