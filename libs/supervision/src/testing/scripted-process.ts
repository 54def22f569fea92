import type { Logger } from '@nightjar/monitoring';
import type { ProcessPort, RunningProcess, StopSignal } from '../process-port.js';

/** A process that becomes ready and ends when a test says so, and ends on the signals in `obeys`. */
export class ScriptedProcess implements RunningProcess {
  readonly pid = 1;
  readonly signals: StopSignal[] = [];
  becomeReady: () => void = () => undefined;
  private ended: (how: string) => void = () => undefined;

  constructor(private readonly obeys: readonly StopSignal[]) {}

  signal(signal: StopSignal): void {
    this.signals.push(signal);
    if (this.obeys.includes(signal)) this.end(`signal ${signal}`);
  }

  onReady(listener: () => void): void {
    this.becomeReady = listener;
  }

  onExit(listener: (how: string) => void): void {
    this.ended = listener;
  }

  end(how: string): void {
    this.ended(how);
  }
}

/** Starts scripted processes and keeps them. */
export class ScriptedPort implements ProcessPort {
  readonly started: ScriptedProcess[] = [];
  obeys: readonly StopSignal[] = ['SIGTERM', 'SIGKILL'];

  constructor(private readonly onStart: (made: ScriptedProcess) => void = () => undefined) {}

  start(): RunningProcess {
    const made = new ScriptedProcess(this.obeys);
    this.started.push(made);
    this.onStart(made);
    return made;
  }

  get last(): ScriptedProcess {
    const last = this.started.at(-1);
    if (last === undefined) throw new Error('nothing was started');
    return last;
  }
}

export const quietLog = {
  debug() {},
  info() {},
  warn() {},
  error() {},
} as unknown as Logger;
