import { expect, it } from '@jest/globals';
import { Bench } from './bench.js';
import type { Case } from './case.js';
import type { CaseFigure } from './report.js';
import { runCases } from './run-cases.js';

it('runs all cases, also behind one that fails, and tells what they said', async () => {
  const figure = { subject: 'nightjar', name: 'CPU', value: 1, unit: 's' };
  const cases: Case[] = [
    { name: 'bad', summary: 'x', default: true, run: () => Promise.reject(new Error('no luck')) },
    { name: 'good', summary: 'y', default: true, run: () => Promise.resolve([figure]) },
  ];
  const figures: CaseFigure[] = [];
  const said: string[] = [];
  const bench = await Bench.open();
  const whole = await runCases(bench, cases, [], figures, (text) => said.push(text));
  await bench.close();
  expect(whole).toBe(false);
  expect(figures).toEqual([{ ...figure, case: 'good' }]);
  expect(said.join('')).toBe(
    'bad: x ...\nbad: failed: no luck\nbad: 0 s\ngood: y ...\ngood: 0 s\n',
  );
});

it('ends when the benchmark is closed, without figures of what was under way', async () => {
  const bench = await Bench.open();
  const figure = { subject: 'nightjar', name: 'CPU', value: 1, unit: 's' };
  const asked: string[] = [];
  const one = (name: string): Case => ({
    name,
    summary: 'x',
    default: true,
    async run() {
      asked.push(name);
      await bench.close();
      expect(() => bench.worker('load', 'load', [])).toThrow('the benchmark was closed');
      return [figure];
    },
  });
  const figures: CaseFigure[] = [];
  expect(await runCases(bench, [one('first'), one('second')], [], figures, () => undefined)).toBe(
    false,
  );
  expect([asked, figures]).toEqual([['first'], []]);
});
