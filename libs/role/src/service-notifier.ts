import type { Clock, Timer } from '@nightjar/common';
import { messageOf } from '@nightjar/common';
import type { Logger } from '@nightjar/monitoring';
import { openDatagramSender } from './unix-datagram.js';

/** What systemd gives a service of `Type=notify` (sd_notify(3), sd_watchdog_enabled(3)). */
export interface NotifyEnvironment {
  NOTIFY_SOCKET?: string | undefined;
  WATCHDOG_USEC?: string | undefined;
  WATCHDOG_PID?: string | undefined;
}

/**
 * Tells the service manager that this process has started and that its event loop turns. Without a service manager it does nothing. What cannot be told is logged: the manager
 * then judges by its own time limits.
 */
export class ServiceNotifier {
  private pulse: Timer | undefined;

  constructor(
    private readonly send: (message: string) => void,
    /** Undefined: nobody watches. */
    private readonly pulseMs: number | undefined,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  /** Takes the variables out of `environment`, so that children do not speak for this process. */
  static async take(
    environment: NotifyEnvironment,
    clock: Clock,
    log: Logger,
    open: typeof openDatagramSender = openDatagramSender,
  ): Promise<ServiceNotifier> {
    const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: usec, WATCHDOG_PID: pid } = environment;
    for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'] as const)
      delete environment[name];
    if (!socket) return new ServiceNotifier(() => undefined, undefined, clock, log);
    const watched = usec !== undefined && (!pid || Number(pid) === process.pid);
    // Half of it, as sd_watchdog_enabled(3) recommends.
    const pulseMs = watched ? Number(usec) / 2_000 : undefined;
    try {
      return new ServiceNotifier(await open(socket), pulseMs, clock, log);
    } catch (error) {
      log.warn({ err: error }, `the service manager is told nothing: ${messageOf(error)}`);
      return new ServiceNotifier(() => undefined, undefined, clock, log);
    }
  }

  /** From the first moment: a long recovery is watched, too. */
  watch(): void {
    if (this.pulseMs === undefined || !(this.pulseMs > 0)) return;
    this.tell('WATCHDOG=1');
    this.pulse = this.clock.setTimer(this.pulseMs, () => this.watch());
  }

  ready(): void {
    this.tell('READY=1\nSTATUS=serving');
  }

  /** The pulse goes on: a stop that hangs is noticed. */
  stopping(): void {
    this.tell('STOPPING=1\nSTATUS=stopping');
  }

  close(): void {
    this.pulse?.cancel();
  }

  private tell(message: string): void {
    try {
      this.send(message);
    } catch (error) {
      this.log.warn({ err: error }, messageOf(error));
    }
  }
}
