import { fork, type ChildProcess } from 'node:child_process';
import type { ProcessPort, RunningProcess } from './process-port.js';

/** Module URL of the guard that ends a child when its supervisor is gone; for {@link ForkOptions.guard}. */
export const CHILD_GUARD = new URL('./child-guard.js', import.meta.url).href;

export interface ForkOptions {
  /** Absolute path of the module that is the child's main. */
  readonly module: string;
  readonly args?: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** False swallows what the child prints on stdout; stderr always shows. */
  readonly showStdout: boolean;
  /** Module URL that runs in the child before its main. */
  readonly guard?: string;
}

/** Node child processes with an IPC channel, as `RunningProcess`. A child is ready when it sends `{type:'ready'}`. */
export class ForkedProcess implements ProcessPort {
  /** The child of the last start, for those who talk to it; it may have ended. */
  child: ChildProcess | undefined;

  constructor(private readonly options: ForkOptions) {}

  start(): RunningProcess {
    const { module, args = [], env, showStdout, guard } = this.options;
    const child = fork(module, args, {
      env,
      execArgv: guard === undefined ? [] : ['--import', guard],
      stdio: ['ignore', showStdout ? 'inherit' : 'ignore', 'inherit', 'ipc'],
      // A process group of its own: Ctrl-C in the terminal reaches the supervisor alone, which stops the children in order.
      detached: true,
    });
    this.child = child;
    return observeChild(child, (ready) => {
      const listen = (message: unknown): void => {
        if (!isReady(message)) return;
        child.off('message', listen);
        ready();
      };
      child.on('message', listen);
    });
  }
}

function isReady(message: unknown): boolean {
  return (
    typeof message === 'object' &&
    message !== null &&
    (message as { type?: unknown }).type === 'ready'
  );
}

/** `RunningProcess` of a child; `watchReady` calls its argument once the child serves. */
export function observeChild(
  child: ChildProcess,
  watchReady: (ready: () => void) => void,
): RunningProcess {
  return {
    pid: child.pid,
    signal: (signal) => void child.kill(signal),
    onReady: watchReady,
    onExit(listener) {
      let told = false;
      const tell = (how: string): void => {
        if (told) return;
        told = true;
        listener(how);
      };
      // 'error' without a pid means that it never started and no 'exit' follows.
      child.on('error', (error) => {
        if (child.pid === undefined) tell(error.message);
      });
      child.once('exit', (code, signal) =>
        tell(signal === null ? `exit code ${code}` : `signal ${signal}`),
      );
    },
  };
}
