/** One system call of a traced process. */
export interface TracedCall {
  readonly name: string;
  /** What the descriptor stands for: `TCP:[127.0.0.1:8554->127.0.0.1:4711]`, `UDP:[...]`, a path. */
  readonly target: string;
  /** What it returned; negative for an error. */
  readonly result: number;
}

/** Calls by which bytes come and go, and the one by which UDP offload is asked for. */
export const TRACED_CALLS = [
  'read',
  'readv',
  'recvfrom',
  'recvmsg',
  'recvmmsg',
  'write',
  'writev',
  'pwrite64',
  'pwritev',
  'pwritev2',
  'sendto',
  'sendmsg',
  'sendmmsg',
  'fsync',
  'fdatasync',
  'getsockopt',
] as const;

const WHOLE = /^(\d+) +(\w+)\(\d+<(.*?)>[,)].* = (-?\d+)/;
const UNFINISHED = /^(\d+) +(\w+)\(\d+<(.*?)>[,)]?.*<unfinished \.\.\.>/;
const RESUMED = /^(\d+) +<\.\.\. (\w+) resumed>.* = (-?\d+)/;

/**
 * The calls in the output of `strace -f -yy -o FILE`. A call that another thread interrupts stands in two lines; it counts
 * where it ends. Whatever is no call on a descriptor is passed over.
 */
export function parseTrace(text: string): TracedCall[] {
  const calls: TracedCall[] = [];
  const open = new Map<string, string>();
  for (const line of text.split('\n')) {
    // `->` inside a target is no end of it.
    const safe = line.replaceAll('->', '\u2192');
    const resumed = RESUMED.exec(safe);
    if (resumed !== null) {
      const key = `${resumed[1]} ${resumed[2]}`;
      const target = open.get(key);
      open.delete(key);
      if (target !== undefined) calls.push(call(resumed[2]!, target, resumed[3]!));
      continue;
    }
    const unfinished = UNFINISHED.exec(safe);
    if (unfinished !== null) {
      open.set(`${unfinished[1]} ${unfinished[2]}`, unfinished[3]!);
      continue;
    }
    const whole = WHOLE.exec(safe);
    if (whole !== null) calls.push(call(whole[2]!, whole[3]!, whole[4]!));
  }
  return calls;
}

function call(name: string, target: string, result: string): TracedCall {
  return { name, target: target.replaceAll('\u2192', '->'), result: Number(result) };
}

/** Whether the kernel told the traced process that it cuts UDP segments; without that each datagram is a call. */
export function offloadsUdp(text: string): boolean {
  return /getsockopt\(\d+<UDP.*\bSOL_UDP\b.*\) += 0$/m.test(text);
}

/** Where the traced process has its sockets and files. */
export interface TraceLayout {
  readonly rtspPort: number;
  readonly cameraPort: number;
  /** Ending of the names of files with footage. */
  readonly footage: string;
}

export interface WorkOfTrace {
  readonly tcpWrites: number;
  readonly udpSends: number;
  readonly cameraReads: number;
  readonly footageWrites: number;
  readonly footageSyncs: number;
}

/** Calls that move less are RTCP and RTSP, which come by the clock and not by the packet. */
const MEDIA_BYTES = 128;

/** Counts the calls that media cost. A call that failed is work too. */
export function workOf(
  calls: readonly TracedCall[],
  { rtspPort, cameraPort, footage }: TraceLayout,
): WorkOfTrace {
  const media = calls.filter(({ result }) => result < 0 || result >= MEDIA_BYTES);
  const count = (
    among: readonly TracedCall[],
    names: RegExp,
    matches: (target: string) => boolean,
  ): number => among.filter(({ name, target }) => names.test(name) && matches(target)).length;
  const isFootage = (target: string): boolean => target.endsWith(footage);
  return {
    tcpWrites: count(media, /^(?:writev?|send(?:to|msg))$/, (target) =>
      new RegExp(`^TCP.*:${rtspPort}->`).test(target),
    ),
    // `sendmmsg` returns messages, not bytes.
    udpSends:
      count(media, /^send(?:to|msg)$/, (target) => target.startsWith('UDP')) +
      count(calls, /^sendmmsg$/, (target) => target.startsWith('UDP')),
    cameraReads: count(media, /^(?:readv?|recv(?:from|msg))$/, (target) =>
      new RegExp(`^TCP.*->[^>]*:${cameraPort}\\]`).test(target),
    ),
    footageWrites: count(calls, /^(?:writev?|pwrite)/, isFootage),
    footageSyncs: count(calls, /^f(?:data)?sync$/, isFootage),
  };
}
