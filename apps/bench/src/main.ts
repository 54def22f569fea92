import { writeFile } from 'node:fs/promises';
import { messageOf } from '@nightjar/common';
import { Bench } from './bench.js';
import { CASES } from './cases/index.js';
import { environment } from './environment.js';
import { parseOptions, type Options } from './options.js';
import { printEnvironment, toJson, toTable, type CaseFigure } from './report.js';
import { runCases } from './run-cases.js';
import { listCases, selectCases } from './select.js';

function optionsOrExit(): Options {
  try {
    return parseOptions(
      process.argv.slice(2),
      CASES.map(({ name }) => name),
    );
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exit(2);
  }
}

const options = optionsOrExit();
if (options.list) {
  process.stdout.write(listCases(CASES));
  process.exit(0);
}
const place = environment();
const figures: CaseFigure[] = [];
const bench = await Bench.open(options.minutes, options.segments);
// The case that runs misses its processes then, and clears away what it has made. Who cannot wait asks again.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void bench.close());
try {
  const cases = selectCases(CASES, options.cases);
  const say = (text: string): void => void process.stdout.write(text);
  if (!(await runCases(bench, cases, options.peers, figures, say))) process.exitCode = 1;
} finally {
  if (bench.closed.aborted) process.exitCode = 130;
  await bench.close();
  process.stdout.write(`\n${printEnvironment(place)}\n${toTable(figures)}\n`);
  if (options.json !== undefined)
    await writeFile(options.json, `${JSON.stringify(toJson(place, figures), undefined, 2)}\n`);
}
