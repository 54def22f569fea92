import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from '@jest/globals';
import { cpuSecondsOf, processTree, rssBytesOf } from './proc.js';

it('counts a process with all that it started', async () => {
  // The shell waits for its child, which says when it is there.
  const shell = spawn('sh', ['-c', 'sh -c "echo; read line"; true']);
  await once(shell.stdout, 'data');
  const tree = processTree(shell.pid!);
  expect(tree).toHaveLength(2);
  expect(tree[0]).toBe(shell.pid);
  expect(cpuSecondsOf(shell.pid!)).toBeGreaterThan(cpuSecondsOf(tree[1]!));
  expect(rssBytesOf(shell.pid!)).toBeGreaterThan(rssBytesOf(tree[1]!));
  shell.stdin.end();
  await once(shell, 'close');
  expect(cpuSecondsOf(shell.pid!)).toBe(0);
  expect(rssBytesOf(shell.pid!)).toBe(0);
});
