import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

/** Counts the instructions of processes while something is done; `undefined` count with the reason where that cannot be. */
export async function instructionsOf(
  pids: readonly number[],
  work: () => Promise<void>,
): Promise<{ readonly count: number | undefined; readonly reason: string }> {
  if (spawnSync('perf', ['--version'], { stdio: 'ignore' }).status !== 0) {
    await work();
    return { count: undefined, reason: 'there is no perf' };
  }
  const perf = spawn('perf', ['stat', '-x', ',', '-e', 'instructions:u', '-p', pids.join(',')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  perf.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const ended = once(perf, 'exit');
  await work();
  perf.kill('SIGINT');
  await ended;
  const count = Number(/^(\d+),/m.exec(output)?.[1] ?? Number.NaN);
  return Number.isNaN(count)
    ? { count: undefined, reason: `perf says: ${output.trim().split('\n')[0] ?? ''}` }
    : { count, reason: '' };
}
