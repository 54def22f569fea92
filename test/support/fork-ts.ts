import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Starts one of our TypeScript files, named from the repository root, as a process of its own with an IPC channel. */
export function forkTs(
  file: string,
  env: Readonly<Record<string, string>>,
  options: { silent: boolean } = { silent: false },
): ChildProcess {
  return fork(file, [], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    execArgv: ['--import', './test/support/run-ts.mjs'],
    silent: options.silent,
  });
}
