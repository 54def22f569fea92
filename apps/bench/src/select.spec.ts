import { describe, expect, it } from '@jest/globals';
import type { Case } from './case.js';
import { CASES } from './cases/index.js';
import { listCases, selectCases } from './select.js';

function make(name: string, isDefault: boolean): Case {
  return { name, summary: `of ${name}`, default: isDefault, run: () => Promise.resolve([]) };
}

const cases = [make('join', true), make('soak', false), make('idle', true)];

describe('the cases', () => {
  it('run by default, or when named', () => {
    const names = (of: readonly string[]): string[] =>
      selectCases(cases, of).map(({ name }) => name);
    expect(names([])).toEqual(['join', 'idle']);
    expect(names(['idle', 'soak'])).toEqual(['soak', 'idle']);
  });

  it('are listed', () => {
    expect(listCases(cases)).toBe(
      'join  of join\nsoak  of soak (only when named)\nidle  of idle\n',
    );
  });

  it('have names of their own, fit for the command line', () => {
    const names = CASES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z][a-z-]*$/);
  });
});
