import { readFileSync } from 'node:fs';

/** Which process is meant, also when its number has been given to another one meanwhile. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in the kernel's ticks since boot; '' where unknown. */
  readonly started: string;
}

export function identityOf(pid: number): ProcessIdentity {
  return { pid, started: startTimeOf(pid) };
}

/** Undefined for text that is not a whole identity as JSON: cut off by a power loss, whoever wrote it is gone. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  try {
    const value = JSON.parse(text) as Partial<ProcessIdentity>;
    if (!Number.isSafeInteger(value.pid)) return undefined;
    return { pid: value.pid as number, started: value.started ?? '' };
  } catch {
    return undefined;
  }
}

/** Where start times are unknown, a process of the same number counts as the same. One that waits to be reaped is gone. */
export function isAlive({ pid, started }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const [state] = statFields(pid);
  if (state === 'Z') return false;
  const present = startTimeOf(pid);
  return present === '' || started === '' || present === started;
}

/** Field 22 of /proc/PID/stat (proc(5)); '' where there is no /proc. */
function startTimeOf(pid: number): string {
  return statFields(pid)[19] ?? '';
}

/** /proc/PID/stat from field 3 on, behind the name in brackets that may hold anything. */
function statFields(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
