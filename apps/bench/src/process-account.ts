import { readFileSync } from 'node:fs';
import { cpuSecondsOf, processTree } from './proc.js';

/** More of what Linux tells about processes, for cases that need it; proc(5). A process that is gone counts as nothing. */

const KIB = 1024;

/** One process of a tree. */
export interface Member {
  readonly pid: number;
  /** Command line. */
  readonly command: string;
  /** CPU time so far, without that of its children. */
  readonly cpuSeconds: number;
  /** Proportional set size: what processes share is split among them, so the sum over all is what the machine lost. */
  readonly proportionalBytes: number;
}

/** A process and its descendants as they are now. */
export function membersOf(pid: number): Member[] {
  return processTree(pid).map((member) => ({
    pid: member,
    command: textOf(member, 'cmdline').replaceAll('\0', ' ').trim(),
    cpuSeconds: cpuSecondsOfProcess(member),
    proportionalBytes: sizeIn(textOf(member, 'smaps_rollup'), 'Pss'),
  }));
}

/** A value such as `Pss:  1234 kB` of smaps_rollup or status, in bytes; 0 when it is missing. */
export function sizeIn(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * KIB;
}

/** CPU time so far of all threads of a process, in seconds, without that of its children. */
export function cpuSecondsOfProcess(pid: number): number {
  const [, ...below] = processTree(pid);
  return below.reduce((left, child) => left - cpuSecondsOfProcess(child), cpuSecondsOf(pid));
}

function textOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
