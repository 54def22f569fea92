import { randomInt } from 'node:crypto';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Stage } from '../e2e/support/open-stage.js';
import { fuzz } from './fuzz.js';

const DEFAULT_SECONDS = '60';
const DEFAULT_PROCESSES = '2';
const MAX_SEED = 2 ** 31;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: DEFAULT_SECONDS },
    seed: { type: 'string', default: String(randomInt(MAX_SEED)) },
    processes: { type: 'string', default: DEFAULT_PROCESSES },
    failures: { type: 'string', default: 'fuzz-failures' },
  },
});
const [seconds, seed, processes] = [values.seconds, values.seed, values.processes].map(Number) as [
  number,
  number,
  number,
];
if (!(seconds > 0) || !Number.isInteger(seed) || !(processes > 0))
  throw new Error('--seconds N --seed INTEGER --processes N');

console.log(`seed ${seed}, ${seconds} s, ${processes} media processes`);
const stage = await Stage.open();
try {
  const failuresDirectory = path.resolve(values.failures);
  console.log(
    JSON.stringify(
      await fuzz(stage, { seconds, seed, processes, failuresDirectory }),
      undefined,
      2,
    ),
  );
} catch (error) {
  stage.showLogs();
  console.error(error);
  process.exitCode = 1;
} finally {
  await stage.close();
}
