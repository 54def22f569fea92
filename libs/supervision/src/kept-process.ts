import type { Clock, MonotonicMs, Timer } from '@nightjar/common';
import type { Logger } from '@nightjar/monitoring';
import type { ProcessPort, RunningProcess, StopSignal } from './process-port.js';
import { RestartBackoff } from './restart-backoff.js';

export interface StopPlan {
  /** Asks the process to end in order. */
  readonly polite: StopSignal;
  /** Ends it at once; sent `graceMs` after the polite one. */
  readonly force: StopSignal;
  readonly graceMs: number;
}

export type KeptState = 'stopped' | 'starting' | 'ready' | 'waiting' | 'stopping';

/** Keeps one process running: starts it again with backoff whenever it ends, until it is stopped. */
export class KeptProcess {
  private readonly backoff = new RestartBackoff();
  private running: RunningProcess | undefined;
  private startedAt = 0 as MonotonicMs;
  private timer: Timer | undefined;
  private current: KeptState = 'stopped';
  private announceReady: () => void = () => undefined;
  private announceGone: () => void = () => undefined;

  /** Settles when the process has said once that it serves; never, if it never does. */
  readonly firstReady = new Promise<void>((resolve) => {
    this.announceReady = resolve;
  });

  constructor(
    readonly name: string,
    private readonly port: ProcessPort,
    private readonly plan: StopPlan,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  get state(): KeptState {
    return this.current;
  }

  /** No-op unless stopped. */
  start(): void {
    if (this.current === 'stopped') this.launch();
  }

  /** Ends the process and every restart of it. Settles when it is gone; may be called again while stopping. */
  async stop(): Promise<void> {
    this.timer?.cancel();
    const running = this.running;
    if (running === undefined) {
      this.current = 'stopped';
      return;
    }
    this.current = 'stopping';
    const gone = new Promise<void>((resolve) => {
      const before = this.announceGone;
      this.announceGone = () => {
        before();
        resolve();
      };
    });
    running.signal(this.plan.polite);
    this.timer = this.clock.setTimer(this.plan.graceMs, () => {
      this.log.warn(
        { process: this.name, graceMs: this.plan.graceMs },
        'did not stop in time, ending it at once',
      );
      running.signal(this.plan.force);
    });
    await gone;
    this.timer.cancel();
  }

  /** Ends the process at once, without waiting, and every restart of it. */
  kill(): void {
    this.timer?.cancel();
    if (this.running === undefined) {
      this.current = 'stopped';
      return;
    }
    this.current = 'stopping';
    this.running.signal(this.plan.force);
  }

  private launch(): void {
    this.current = 'starting';
    this.startedAt = this.clock.monotonicMs();
    const running = this.port.start();
    this.running = running;
    running.onReady(() => {
      if (this.current === 'starting') this.current = 'ready';
      this.log.debug({ process: this.name, pid: running.pid }, 'process ready');
      this.announceReady();
    });
    running.onExit((how) => this.ended(how));
  }

  private ended(how: string): void {
    this.running = undefined;
    if (this.current === 'stopping') {
      this.current = 'stopped';
      this.announceGone();
      return;
    }
    const delayMs = this.backoff.next(this.clock.monotonicMs() - this.startedAt);
    this.log.error(
      { process: this.name, restartInMs: delayMs },
      `process ended (${how}), restarting`,
    );
    this.current = 'waiting';
    if (delayMs === 0) this.launch();
    else this.timer = this.clock.setTimer(delayMs, () => this.launch());
  }
}
