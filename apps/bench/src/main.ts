import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { fanOut } from './cases/fan-out.js';
import { recording } from './cases/recording.js';
import { printFigures, type Figure } from './figures.js';
import { parsePeer, type Peer } from './peers.js';
import { Bench } from './processes.js';

/** Every case by the name that selects it: `npm run bench -- fan-out`. */
const CASES: Readonly<Record<string, (bench: Bench, peers: readonly Peer[]) => Promise<Figure[]>>> =
  {
    'fan-out': fanOut,
    recording,
  };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, peer: { type: 'string', multiple: true, default: [] } },
});
const peers = values.peer.map(parsePeer);
const unknown = positionals.filter((name) => !Object.hasOwn(CASES, name));
if (unknown.length > 0) {
  process.stderr.write(
    `no such case: ${unknown.join(', ')}; there are ${Object.keys(CASES).join(', ')}\n`,
  );
  process.exit(2);
}

const figures: Figure[] = [];
const bench = await Bench.open();
try {
  for (const [name, run] of Object.entries(CASES)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    process.stdout.write(`${name} ...\n`);
    figures.push(...(await run(bench, peers)));
  }
} finally {
  await bench.close();
}
process.stdout.write(
  `\nnode ${process.version}, ${availableParallelism()} cores\n${printFigures(figures)}\n`,
);
if (values.json !== undefined) {
  await writeFile(
    values.json,
    `${JSON.stringify({ node: process.version, figures }, undefined, 2)}\n`,
  );
}
