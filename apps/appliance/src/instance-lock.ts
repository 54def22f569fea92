import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { NightjarError } from '@nightjar/common';

interface Holder {
  readonly pid: number;
  /** Start time of the process in the kernel's ticks since boot, so that a reused pid is not mistaken; '' where unknown. */
  readonly started: string;
}

export interface InstanceLock {
  /** The holder before did not let go: it was killed, and what it started may be on its way out only now. */
  readonly tookOver: boolean;
  release(): void;
}

/**
 * Takes `<dataDir>/run/appliance.lock` for this process. A lock whose holder is gone is taken over. Throws NightjarError
 * `appliance/already-running`.
 */
export function lockDataDirectory(dataDir: string): InstanceLock {
  const file = path.join(dataDir, 'run', 'appliance.lock');
  mkdirSync(path.dirname(file), { recursive: true });
  const mine = `${JSON.stringify({ pid: process.pid, started: startTimeOf(process.pid) })}\n`;
  let tookOver = false;
  for (;;) {
    if (createWhole(file, mine)) {
      return {
        tookOver,
        release() {
          if (read(file) === mine) rmSync(file, { force: true });
        },
      };
    }
    const theirs = read(file);
    if (theirs === undefined) continue;
    const holder = parseHolder(theirs);
    if (holder !== undefined && isAlive(holder)) {
      throw new NightjarError(
        'conflict',
        'appliance/already-running',
        `Another Nightjar (process ${holder.pid}) uses the data directory ${dataDir}: stop it, or choose another directory with --data DIR`,
        { pid: holder.pid },
      );
    }
    removeStale(file, theirs);
    tookOver = true;
  }
}

/** Creates `file` with its content in one step, so that nobody reads half a lock; false when it exists. */
function createWhole(file: string, content: string): boolean {
  const draft = `${file}.${process.pid}.new`;
  writeFileSync(draft, content);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Moves the lock away first: of two processes that found it stale, only one can move that very file. */
function removeStale(file: string, stale: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  // Another starter was faster and this is its fresh lock: give it back.
  if (read(aside) === stale) rmSync(aside, { force: true });
  else renameSync(aside, file);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const value = JSON.parse(text) as Partial<Holder>;
    if (!Number.isSafeInteger(value.pid)) return undefined;
    return { pid: value.pid as number, started: value.started ?? '' };
  } catch {
    return undefined; // Cut off by a power loss: whoever wrote it is gone.
  }
}

function isAlive(holder: Holder): boolean {
  if (holder.pid === process.pid) return false; // A container's pid 1 finding the lock of its predecessor.
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const started = startTimeOf(holder.pid);
  return started === '' || holder.started === '' || started === holder.started;
}

/** Field 22 of /proc/PID/stat (proc(5)); '' where there is no /proc. */
function startTimeOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
