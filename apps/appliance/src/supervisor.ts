import type { Clock } from '@nightjar/common';
import type { Logger, Readiness } from '@nightjar/monitoring';
import type { KeptProcess } from '@nightjar/supervision';
import { migrateWhenReachable } from './database-start.js';
import { StopSignals } from './stop-signals.js';

/** How long media waits for the simulated cameras of the demo. */
export const CAMERAS_WAIT_MS = 3_000;

export interface Processes {
  readonly media: KeptProcess;
  readonly control: KeptProcess;
  readonly worker: KeptProcess;
  /** The embedded database; undefined when the configuration names another one. */
  readonly postgres: KeptProcess | undefined;
  /** The simulated cameras of the demo. */
  readonly cameras: KeptProcess | undefined;
}

export interface DatabasePort {
  /** Makes the embedded database ready to start. Throws when this machine cannot run it. */
  prepare(): Promise<void>;
  /** Brings the schema up to date; the names of what it did. Throws when the database cannot be reached. */
  migrate(): Promise<readonly string[]>;
}

/**
 * Starts and stops the processes of one machine in order. Media starts first and waits for no database; control and worker start
 * when the database has its schema.
 */
export class Supervisor {
  private readonly stopping = new AbortController();
  private readonly signals: StopSignals;
  private killed = false;
  private migrated = false;

  constructor(
    private readonly processes: Processes,
    private readonly database: DatabasePort,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {
    this.signals = new StopSignals(
      clock,
      () => this.stopping.abort(),
      () => this.kill(),
    );
  }

  /**
   * Runs until a signal. Settles when everything is down: with 0 after an orderly stop, with 1 when it was cut short. Throws, with
   * everything down, what makes it impossible to run here.
   */
  async run(): Promise<number> {
    const stop = untilAborted(this.stopping.signal);
    try {
      const started = Promise.all([this.startMedia(), this.startDatabase()]);
      await Promise.race([stop, started.then(() => stop)]);
      this.log.info('stopping');
    } finally {
      this.stopping.abort();
      await this.stopInOrder();
    }
    this.log.info('stopped');
    return this.killed ? 1 : 0;
  }

  /** A request to stop; a second one, later than an echo of the first, ends everything at once. */
  signal(): void {
    this.signals.receive();
  }

  /** Whether what this process itself answers for is done; the roles answer for themselves. */
  readiness(): Readiness {
    const { postgres } = this.processes;
    const reasons = [
      ...(postgres === undefined || postgres.state === 'ready'
        ? []
        : [`the embedded PostgreSQL is ${postgres.state}`]),
      ...(this.migrated ? [] : ['the database has not got its schema yet']),
    ];
    return { ready: reasons.length === 0, reasons };
  }

  private async startMedia(): Promise<void> {
    const { media, cameras } = this.processes;
    if (cameras !== undefined) {
      cameras.start();
      let timer: { cancel(): void } | undefined;
      const waitedEnough = new Promise<void>((resolve) => {
        timer = this.clock.setTimer(CAMERAS_WAIT_MS, resolve);
      });
      await Promise.race([cameras.firstReady, waitedEnough, untilAborted(this.stopping.signal)]);
      timer?.cancel();
    }
    if (!this.stopping.signal.aborted) media.start();
  }

  private async startDatabase(): Promise<void> {
    const { signal } = this.stopping;
    const { control, worker, postgres } = this.processes;
    if (postgres !== undefined) {
      await this.database.prepare();
      if (signal.aborted) return;
      postgres.start();
      await Promise.race([postgres.firstReady, untilAborted(signal)]);
    }
    const migrate = (): Promise<readonly string[]> => this.database.migrate();
    if (!(await migrateWhenReachable(migrate, signal, this.clock, this.log))) return;
    this.migrated = true;
    control.start();
    worker.start();
  }

  /** Who uses others goes before them: control and worker use all, media records until the database is all that is left. */
  private async stopInOrder(): Promise<void> {
    const { control, worker, media, cameras, postgres } = this.processes;
    await control.stop();
    await worker.stop();
    await media.stop();
    await Promise.all([cameras?.stop(), postgres?.stop()]);
  }

  private kill(): void {
    this.killed = true;
    this.log.warn('second signal, ending everything at once');
    const { control, worker, media, cameras, postgres } = this.processes;
    for (const kept of [control, worker, media, cameras, postgres]) kept?.kill();
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
