import type { Catalog } from '@nightjar/catalog';
import { messageOf, NightjarError } from '@nightjar/common';
import type { Clock } from '@nightjar/common';
import type { DiscoveryWork } from '@nightjar/discovery';
import type { JobQueue } from '@nightjar/jobs';
import type { Readiness } from '@nightjar/monitoring';
import { gaugeDatabase } from '@nightjar/role';
import type { AuditBook } from './audit/audit-book.js';
import type { EventWork } from './events/event-work.js';
import type { JobSchedule } from './job-schedule.js';

export interface ControlParts {
  readonly catalog: Catalog;
  readonly queue: JobQueue;
  readonly schedule: JobSchedule;
  readonly events: EventWork;
  readonly discovery: DiscoveryWork;
  readonly audit: AuditBook;
  readonly clock: Clock;
}

/** The life of the control role beside its HTTP server, which answers from the start. */
export class ControlService {
  private readonly stopping = new AbortController();
  private connecting: Promise<void> = Promise.resolve();

  constructor(private readonly parts: ControlParts) {}

  /** Returns at once; see {@link ready}. */
  start(): void {
    const { catalog, clock, schedule, events, discovery, audit } = this.parts;
    events.start();
    audit.start();
    this.connecting = catalog.connectEventually(clock, this.stopping.signal).then(
      () => {
        schedule.start();
        discovery.start();
      },
      (error: unknown) => {
        if (!(error instanceof NightjarError && error.kind === 'cancelled')) throw error;
      },
    );
  }

  async ready(): Promise<Readiness> {
    try {
      await this.parts.catalog.ping();
      return { ready: true, reasons: [] };
    } catch (error) {
      return { ready: false, reasons: [messageOf(error)] };
    }
  }

  /** Brings the figures up to date that are only needed when somebody scrapes. */
  collect(): Promise<void> {
    return gaugeDatabase(() => this.parts.catalog.ping(), this.parts.clock);
  }

  async stop(): Promise<void> {
    const { catalog, queue, schedule, events, discovery, audit } = this.parts;
    this.stopping.abort();
    await this.connecting;
    schedule.stop();
    await discovery.stop();
    await events.stop();
    await audit.stop();
    await queue.close();
    await catalog.close();
  }
}
