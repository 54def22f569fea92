import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';

/** System calls that bring a recording onto the disk. */
const RECORDING_CALLS = ['write', 'writev', 'pwrite64', 'pwritev', 'fsync', 'fdatasync'] as const;
export type RecordingCall = (typeof RECORDING_CALLS)[number];

/** How often each call was made on one kind of file. */
export type CallCounts = Readonly<Record<RecordingCall, number>>;

/** Whether this machine has strace. */
export function straceIsThere(): boolean {
  return spawnSync('strace', ['-V'], { stdio: 'ignore' }).status === 0;
}

/**
 * Watches a process for a while and counts its calls on files whose name ends like this. Slows the process down meanwhile;
 * counts stay true, times do not. All counts are 0 when strace may not attach (ptrace is off).
 */
export async function countCalls(
  pid: number,
  durationMs: number,
  fileEnding: string,
  traceFile: string,
): Promise<CallCounts> {
  const args = ['-f', '-y', '-q', '-e', `trace=${RECORDING_CALLS.join(',')}`, '-o', traceFile];
  const tracer = spawn('strace', [...args, '-p', String(pid)], { stdio: 'ignore' });
  const ended = once(tracer, 'exit');
  const timer = setTimeout(() => tracer.kill('SIGINT'), durationMs);
  await ended;
  clearTimeout(timer);
  const trace = await readFile(traceFile, 'latin1').catch(() => '');
  return callsIn(trace, fileEnding);
}

/** Lines such as `4711 writev(31</data/a.mp4>, [...], 17) = 500123`; the part before `<unfinished ...>` counts once. */
export function callsIn(trace: string, fileEnding: string): CallCounts {
  const counts = Object.fromEntries(RECORDING_CALLS.map((call) => [call, 0])) as Record<
    RecordingCall,
    number
  >;
  for (const line of trace.split('\n')) {
    const match = /^\d+\s+(?:[\d:.]+\s+)?(\w+)\(\d+<([^>]*)>/.exec(line);
    const call = RECORDING_CALLS.find((name) => name === match?.[1]);
    if (call !== undefined && match![2]!.endsWith(fileEnding)) counts[call]++;
  }
  return counts;
}
