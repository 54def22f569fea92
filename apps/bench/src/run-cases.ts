import { messageOf } from '@nightjar/common';
import type { Bench } from './bench.js';
import type { Case } from './case.js';
import type { Figure } from './figures.js';
import type { Peer } from './peers.js';
import type { CaseFigure } from './report.js';

/**
 * Runs cases one after the other and adds their figures to `figures`; what the load and the cameras cost comes with each.
 * A case that fails is told of and does not keep the others from running. Ends when the benchmark is closed: what was under way
 * has no figures.
 * @param say told of the progress, in lines
 * @returns whether all cases came to their end
 */
export async function runCases(
  bench: Bench,
  cases: readonly Case[],
  peers: readonly Peer[],
  figures: CaseFigure[],
  say: (text: string) => void,
): Promise<boolean> {
  let whole = true;
  for (const one of cases) {
    say(`${one.name}: ${one.summary} ...\n`);
    const measured = await one.run(bench, peers).catch((error: unknown): Figure[] => {
      say(`${one.name}: failed: ${messageOf(error)}\n`);
      whole = false;
      return [];
    });
    if (bench.closed.aborted) return false;
    const { seconds, cpu } = await bench.takeUsage();
    const own = (['camera', 'load'] as const).flatMap((kind): Figure[] => {
      const used = cpu.get(kind);
      if (used === undefined) return [];
      const value = (100 * used) / seconds;
      return [{ subject: 'benchmark', name: `${kind} processes`, value, unit: '% of a core' }];
    });
    figures.push(...[...measured, ...own].map((figure) => ({ ...figure, case: one.name })));
    say(`${one.name}: ${Math.round(seconds)} s\n`);
  }
  return whole;
}
