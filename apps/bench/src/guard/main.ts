import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { countAllocations } from './allocations.js';
import { judge, parseBudget, type Count, type Skipped } from './budget.js';
import { countSystemCalls } from './system-calls.js';
import { whyNoTrace } from './traced-media.js';

/** Longer means that something hangs; a machine that slow would be of no use for anything else either. */
const TIME_LIMIT_MS = 120_000;

const { values } = parseArgs({
  options: {
    budget: { type: 'string', default: 'apps/bench/src/guard/budget.json' },
    /** Modules to load into the media process, to see what they change. */
    'media-import': { type: 'string', multiple: true, default: [] },
  },
});
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

setTimeout(() => {
  process.stderr.write(`guard: not done after ${TIME_LIMIT_MS / 1000} s\n`);
  process.exit(1);
}, TIME_LIMIT_MS).unref();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const imports = values['media-import'];
const budget = parseBudget(readFileSync(values.budget, 'utf8'));
const counts: Count[] = [];
const skipped: Skipped[] = [];

const noTrace = whyNoTrace();
if (noTrace === undefined) {
  say('guard: counting system calls ...');
  const calls = await countSystemCalls(imports);
  counts.push(...calls.counts);
  if (!calls.udpOffload) {
    const reason = 'the kernel has no UDP segmentation offload';
    skipped.push(
      { prefix: 'calls: sends per batch and UDP reader', reason },
      { prefix: 'heap: bytes per packet and UDP reader', reason },
      { prefix: 'heap: bytes per batch and UDP reader', reason },
    );
  }
  say(`      ${calls.instructions}`);
} else {
  skipped.push({ prefix: 'calls: ', reason: noTrace });
}
say('guard: counting allocations ...');
counts.push(...(await countAllocations(imports)));

const judged = counts.filter(({ name }) => !skipped.some(({ prefix }) => name.startsWith(prefix)));
const { passed, lines, remarks } = judge(judged, budget, skipped, values.budget);
for (const line of [...lines, ...remarks]) say(line);
say(passed ? 'guard: within budget' : 'guard: over budget');
process.exit(passed ? 0 : 1);
