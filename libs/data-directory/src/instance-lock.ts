import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { NightjarError } from '@nightjar/common';
import { identityOf, isAlive, parseIdentity } from '@nightjar/supervision';

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
  const mine = `${JSON.stringify(identityOf(process.pid))}\n`;
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
    const holder = parseIdentity(theirs);
    // Our own pid: a container's pid 1 finding the lock of its predecessor.
    if (holder !== undefined && holder.pid !== process.pid && isAlive(holder)) {
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
