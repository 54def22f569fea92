import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { processTree } from './proc.js';

/**
 * Keeps everything that the benchmark started, and itself, off the first core, and the threads of one process on it. What the
 * others do then costs that process neither its core nor its caches.
 *
 * @throws Error on a machine of one core, or when `taskset` (util-linux) refuses
 */
export function giveOwnCore(pid: number): void {
  const cores = cpus().length;
  if (cores < 2) throw new Error('a process can have a core to itself where there are two');
  for (const other of processTree(process.pid)) if (other !== pid) bind(other, `1-${cores - 1}`);
  bind(pid, '0');
}

function bind(pid: number, cores: string): void {
  const { status, stderr, error } = spawnSync('taskset', ['-acp', cores, String(pid)], {
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  // A process may have ended since it was listed.
  if (status !== 0 && !stderr.includes('No such process'))
    throw new Error(`taskset -acp ${cores} ${pid}: ${stderr.trim()}`);
}
