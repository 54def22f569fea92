// `npm run generate`: writes anew everything in the repository that is made from code. Tests fail when one of these is out of date.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { root } from './setup.mjs';

const runTs = [
  '--import',
  './test/support/run-ts.mjs',
  path.join('tools', 'generated', 'write.ts'),
];
process.exit(spawnSync(process.execPath, runTs, { cwd: root, stdio: 'inherit' }).status ?? 1);
