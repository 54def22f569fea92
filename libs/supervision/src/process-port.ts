/** Signals the supervisor sends: two polite ones, two that end a process at once. */
export type StopSignal = 'SIGTERM' | 'SIGINT' | 'SIGQUIT' | 'SIGKILL';

/** One operating-system process that was started. Each listener is called at most once. */
export interface RunningProcess {
  readonly pid: number | undefined;
  /** No-op when the process has ended. */
  signal(signal: StopSignal): void;
  /** Calls `listener` when the process says that it serves. */
  onReady(listener: () => void): void;
  /** Calls `listener` with how it ended, for a log line: `exit code 1`, `signal SIGKILL`, or why it could not start. */
  onExit(listener: (how: string) => void): void;
}

/** How to start one kind of process; a port, so that tests need no processes. */
export interface ProcessPort {
  start(): RunningProcess;
}
