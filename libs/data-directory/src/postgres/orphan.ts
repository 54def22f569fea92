import { readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { NightjarError } from '@nightjar/common';

const POLL_MS = 50;
/** After this long without end, the fast shutdown is followed by an immediate one, which is as safe as a crash. */
const FAST_SHUTDOWN_MS = 3_000;
const GIVE_UP_MS = 8_000;

/**
 * Clears what a killed supervisor left in `directory`: ends a server that still runs there, removes a postmaster.pid whose
 * number belongs to another program now. The caller holds the lock of the data directory, so no server there is anybody else's.
 */
export async function clearOrphan(directory: string): Promise<void> {
  const pidFile = path.join(directory, 'postmaster.pid');
  const pid = readPid(pidFile);
  if (pid === undefined) return;
  const at = workingDirectoryOf(pid);
  if (at === undefined) return; // Gone, or a system without /proc: the server itself judges such a file.
  if (at !== realpathSync(directory)) {
    rmSync(pidFile, { force: true });
    return;
  }
  send(pid, 'SIGINT');
  for (let waitedMs = 0; workingDirectoryOf(pid) === at; waitedMs += POLL_MS) {
    if (waitedMs === FAST_SHUTDOWN_MS) send(pid, 'SIGQUIT');
    if (waitedMs >= GIVE_UP_MS) {
      throw new NightjarError(
        'conflict',
        'postgres/orphan',
        `A PostgreSQL left from an earlier start (process ${pid}) does not end: kill it, then start again`,
        { pid },
      );
    }
    await wait(POLL_MS);
  }
}

function readPid(pidFile: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A PostgreSQL server stands in its data directory. */
function workingDirectoryOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
