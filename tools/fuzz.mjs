// `npm run fuzz`: sets up what is missing, then talks nonsense to an appliance: `-- --seconds N --seed N` (test/fuzz).
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { root, setUp } from './setup.mjs';

setUp();
const runTs = ['--import', './test/support/run-ts.mjs', path.join('test', 'fuzz', 'main.ts')];
const args = [...runTs, ...process.argv.slice(2)];
const done = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
process.exit(done.status ?? 1);
