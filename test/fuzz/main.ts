import { randomInt } from 'node:crypto';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Stage } from '../e2e/support/open-stage.js';
import { fuzz } from './fuzz.js';

const DEFAULT_SECONDS = '60';
const MAX_SEED = 2 ** 31;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: DEFAULT_SECONDS },
    seed: { type: 'string', default: String(randomInt(MAX_SEED)) },
    failures: { type: 'string', default: 'fuzz-failures' },
  },
});
const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
if (!(seconds > 0) || !Number.isInteger(seed)) throw new Error('--seconds N --seed INTEGER');

console.log(`seed ${seed}, ${seconds} s`);
const stage = await Stage.open();
try {
  const failuresDirectory = path.resolve(values.failures);
  console.log(
    JSON.stringify(await fuzz(stage, { seconds, seed, failuresDirectory }), undefined, 2),
  );
} catch (error) {
  stage.showLogs();
  console.error(error);
  process.exitCode = 1;
} finally {
  await stage.close();
}
