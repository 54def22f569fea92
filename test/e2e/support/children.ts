import { readdir, readFile } from 'node:fs/promises';

/** Process ids of the children of a process whose command line contains a text. Linux. */
export async function childrenOf(pid: number, commandLine: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = await readFile(`/proc/${name}/stat`, 'utf8');
      // Behind the name in brackets, which may hold anything: state, parent.
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      if (parent !== pid) continue;
      const command = (await readFile(`/proc/${name}/cmdline`, 'utf8')).replaceAll('\0', ' ');
      if (command.includes(commandLine)) found.push(Number(name));
    } catch {
      // It ended while it was looked at.
    }
  }
  return found;
}
