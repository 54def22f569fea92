import { readFileSync, readdirSync } from 'node:fs';

/**
 * What Linux tells about a process and all that it started (proc(5)). A process that is gone, or was never there, counts as
 * nothing: children may end while they are looked at.
 */

const NS_PER_SECOND = 1e9;

/** The process and its living descendants. */
export function processTree(pid: number): number[] {
  const children = tasksOf(pid).flatMap((task) =>
    (read(`/proc/${pid}/task/${task}/children`) ?? '').split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(processTree)];
}

/**
 * CPU time so far of all threads of the tree, in seconds. From the scheduler's own account, which is exact to the nanosecond
 * where utime and stime count hundredths of a second; threads that ended are not in it.
 */
export function cpuSecondsOf(pid: number): number {
  let ns = 0;
  for (const member of processTree(pid)) {
    for (const task of tasksOf(member))
      ns += Number((read(`/proc/${member}/task/${task}/schedstat`) ?? '0').split(' ')[0]);
  }
  return ns / NS_PER_SECOND;
}

/** Resident memory of the tree, in bytes; what processes share is counted for each. */
export function rssBytesOf(pid: number): number {
  let kib = 0;
  for (const member of processTree(pid))
    kib += Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${member}/status`) ?? '')?.[1] ?? 0);
  return kib * 1024;
}

/**
 * Bytes that the tree has caused to be sent to storage so far, whole pages as the file system counts them; metadata and the
 * journal of the file system are not in it.
 */
export function writtenBytesOf(pid: number): number {
  let bytes = 0;
  for (const member of processTree(pid))
    bytes += Number(/^write_bytes: (\d+)/m.exec(read(`/proc/${member}/io`) ?? '')?.[1] ?? 0);
  return bytes;
}

function tasksOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return undefined;
  }
}
