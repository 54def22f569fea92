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

/** Value of a variable in the environment that a process was started with; undefined when it has none. Linux. */
export async function variableOf(pid: number, name: string): Promise<string | undefined> {
  const environment = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
  return environment.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** Whether a process runs; one that nobody has reaped yet does not. Linux. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}
