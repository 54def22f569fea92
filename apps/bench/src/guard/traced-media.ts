import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { accepting } from '../ports.js';
import { MEDIA, setUpMedia } from './media-setup.js';
import { TRACED_CALLS } from './trace.js';

/** The trace has said all when it has not grown for this long. */
const SETTLED_MS = 250;
const LOOK_MS = 25;

/** Why system calls cannot be counted here, or undefined. */
export function whyNoTrace(): string | undefined {
  const probe = spawnSync('strace', ['-qq', '-e', 'trace=none', 'true'], { encoding: 'utf8' });
  if (probe.error !== undefined) return 'there is no strace';
  return probe.status === 0 ? undefined : `strace may not trace: ${probe.stderr.trim()}`;
}

/** The media role as it ships, recording one camera, with every call on a descriptor written to a file. */
export class TracedMedia {
  private constructor(
    private readonly child: ChildProcess,
    readonly rtspPort: number,
    private readonly traceFile: string,
  ) {}

  /** @param imports modules to load into the process before its main module */
  static async start(
    folder: string,
    cameraUrl: string,
    imports: readonly string[],
  ): Promise<TracedMedia> {
    const { env, rtspPort } = await setUpMedia(folder, cameraUrl, true);
    const traceFile = path.join(folder, 'trace');
    const tracing = ['-f', '--seccomp-bpf', '-qq', '-yy', '-s', '0', '-o', traceFile];
    const program = [process.execPath, ...imports.flatMap((one) => ['--import', one]), MEDIA];
    const child = spawn('strace', [...tracing, '-e', `trace=${TRACED_CALLS.join()}`, ...program], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const media = new TracedMedia(child, rtspPort, traceFile);
    // strace lets what it traces live when it is ended itself.
    process.once('exit', () => media.kill('SIGKILL'));
    await accepting(rtspPort, () => child.exitCode === null);
    return media;
  }

  /** Processes of the media role. */
  get pids(): number[] {
    return this.child.exitCode === null ? descendants(this.child.pid!) : [];
  }

  /** Waits until nothing is done any more. Returns a position in the trace: what comes later stands behind it. */
  async settled(): Promise<number> {
    let size = -1;
    for (let quietMs = 0; quietMs < SETTLED_MS; quietMs += LOOK_MS) {
      const now = statSync(this.traceFile).size;
      if (now !== size) quietMs = 0;
      size = now;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return size;
  }

  /** What was traced between two positions that {@link settled} gave. */
  async trace(from: number, to: number): Promise<string> {
    const file = await open(this.traceFile);
    const { buffer } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
    await file.close();
    return buffer.toString('latin1');
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.kill('SIGTERM');
    await ended;
  }

  private kill(signal: NodeJS.Signals): void {
    for (const pid of this.pids.slice(0, 1)) process.kill(pid, signal);
  }
}

function descendants(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  const children = text === '' ? [] : text.split(' ').map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}
