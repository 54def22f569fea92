import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpuSecondsOf, rssBytesOf } from './proc.js';

/**
 * What a process is for: `subject` is what is measured, `reference` what it is compared with; the CPU time of `camera` and
 * `load` is told with every case, so that everybody sees whether they were the bottleneck.
 */
export type ProgramKind = 'subject' | 'reference' | 'camera' | 'load';

/** How long a process may take to end by itself before it is killed, ms. */
const END_TIMEOUT_MS = 20_000;

/** A process of the benchmark, with all that it starts itself. */
export class Program {
  readonly pid: number;
  private cpuAtEnd: number | undefined;

  /** @throws Error if the process could not be started */
  constructor(
    readonly kind: ProgramKind,
    readonly name: string,
    readonly child: ChildProcess,
  ) {
    if (child.pid === undefined) throw new Error(`cannot start ${child.spawnfile} (${name})`);
    this.pid = child.pid;
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** CPU time of the whole process tree so far, in seconds; what it was at the end once {@link end} was called. */
  cpuSeconds(): number {
    return this.cpuAtEnd ?? cpuSecondsOf(this.pid);
  }

  /** Resident memory of the whole process tree, in bytes. */
  rssBytes(): number {
    return rssBytesOf(this.pid);
  }

  /** The next message with this `type` that a forked child sends. @throws Error when the process ends before */
  async message<T>(type: string): Promise<T> {
    const { child } = this;
    return await new Promise((resolve, reject) => {
      const done = (): void => {
        child.off('message', listen);
        child.off('exit', gone);
      };
      const listen = (received: { type?: string }): void => {
        if (received.type !== type) return;
        done();
        resolve(received as T);
      };
      const gone = (): void => {
        done();
        reject(new Error(`${this.name} ended with ${child.exitCode} before "${type}"`));
      };
      child.on('message', listen);
      child.on('exit', gone);
      if (!this.running) gone();
    });
  }

  /** SIGTERM, and SIGKILL to what does not heed it. Resolves when the process is gone. */
  async end(): Promise<void> {
    if (!this.running) return;
    this.cpuAtEnd ??= cpuSecondsOf(this.pid);
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    if (this.child.connected) this.child.disconnect();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), END_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  }
}
