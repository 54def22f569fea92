import type { DataSource } from 'typeorm';
import type { Clock } from '@nightjar/common';
import { messageOf, NightjarError } from '@nightjar/common';
import { AuditRepository } from './audit.repository.js';
import { AuditTrailRepository } from './audit-trail.repository.js';
import { CatalogFeed } from './catalog-feed.js';
import { createCatalogDataSource, runMigrations, type CatalogUser } from './data-source.js';
import { databaseError } from './database-error.js';
import { Database } from './database.js';
import { IntegrityRepository } from './integrity.repository.js';
import { CompletenessRepository } from './ledger/completeness.repository.js';
import { EventRepository } from './events/event.repository.js';
import { OverrideRepository } from './events/override.repository.js';
import { DeviceRepository } from './devices/device.repository.js';
import { ExportRepository } from './export.repository.js';
import { DeletionLogRepository } from './retention/deletion-log.repository.js';
import { HoldRepository } from './retention/hold.repository.js';
import { HousekeepingRepository } from './retention/housekeeping.repository.js';
import { RetentionRepository } from './retention/retention.repository.js';
import { SweepLogRepository } from './retention/sweep-log.repository.js';
import { requireCurrentSchema } from './schema-state.js';
import { TimelineRepository } from './timeline.repository.js';
import { VolumeRepository } from './volume.repository.js';

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;

/** What the catalog says about its connection; nothing in it holds credentials. */
export interface CatalogListener {
  /** An attempt to connect failed, or an idle connection broke. It goes on by itself. */
  unavailable(reason: string): void;
}

/**
 * The catalog of one process. Every call throws NightjarError `unavailable` while the database is away and works again
 * when it is back; nothing has to be reopened.
 */
export class Catalog {
  readonly feed: CatalogFeed;
  readonly timeline: TimelineRepository;
  readonly completeness: CompletenessRepository;
  readonly retention: RetentionRepository;
  readonly sweeps: SweepLogRepository;
  readonly holds: HoldRepository;
  readonly deletions: DeletionLogRepository;
  readonly housekeeping: HousekeepingRepository;
  readonly volumes: VolumeRepository;
  readonly audit: AuditRepository;
  readonly trail: AuditTrailRepository;
  readonly integrity: IntegrityRepository;
  readonly events: EventRepository;
  readonly overrides: OverrideRepository;
  readonly exports: ExportRepository;
  readonly devices: DeviceRepository;
  private readonly source: DataSource;
  private readonly database: Database;
  private migrated = false;
  /** Why there is no connection yet. */
  private trouble: NightjarError | undefined;

  /** @param url of PostgreSQL; opens nothing until {@link connect} */
  constructor(
    private readonly url: string,
    private readonly listener: CatalogListener,
    user?: CatalogUser,
  ) {
    const broken = (error: Error): void => listener.unavailable(messageOf(error));
    this.source = createCatalogDataSource(url, broken, user);
    this.database = new Database(this.source);
    this.feed = new CatalogFeed(this.database);
    this.timeline = new TimelineRepository(this.database);
    this.completeness = new CompletenessRepository(this.database);
    this.retention = new RetentionRepository(this.database);
    this.sweeps = new SweepLogRepository(this.database);
    this.holds = new HoldRepository(this.database);
    this.deletions = new DeletionLogRepository(this.database);
    this.housekeeping = new HousekeepingRepository(this.database);
    this.volumes = new VolumeRepository(this.database);
    this.audit = new AuditRepository(this.database);
    this.trail = new AuditTrailRepository(this.database);
    this.integrity = new IntegrityRepository(this.database);
    this.events = new EventRepository(this.database);
    this.overrides = new OverrideRepository(this.database);
    this.exports = new ExportRepository(this.database);
    this.devices = new DeviceRepository(this.database);
  }

  /**
   * One attempt: brings the schema up to this version and connects; until both are done every other call throws `unavailable`. Does
   * nothing once it has succeeded.
   */
  async connect(): Promise<void> {
    try {
      if (!this.migrated) await runMigrations(this.url);
      this.migrated = true;
      if (!this.source.isInitialized) await this.source.initialize();
    } catch (error) {
      this.trouble = databaseError(error);
      throw this.trouble;
    }
  }

  /**
   * One attempt: connects, for who leaves the schema alone.
   * @throws NightjarError `conflict` unless there is a catalog of this version, `unavailable` while the database is away
   */
  async connectAsGuest(): Promise<void> {
    try {
      await this.source.initialize();
      await requireCurrentSchema(this.source);
    } catch (error) {
      throw databaseError(error);
    }
  }

  /** {@link connect}s until it succeeds, with exponential backoff to 5 s. Throws only `cancelled`, when `signal` aborts. */
  async connectEventually(clock: Clock, signal: AbortSignal): Promise<void> {
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(delayMs * 2, LAST_RETRY_MS)) {
      if (signal.aborted)
        throw new NightjarError(
          'cancelled',
          'catalog/connect-cancelled',
          'stopped before the database answered',
        );
      try {
        await this.connect();
        return;
      } catch (error) {
        this.listener.unavailable(messageOf(error));
      }
      await waitMs(clock, delayMs, signal);
    }
  }

  /** Throws `unavailable` unless the database answers now, or why it was not connected. */
  async ping(): Promise<void> {
    if (!this.source.isInitialized && this.trouble !== undefined) throw this.trouble;
    await this.database.query('SELECT 1');
  }

  async close(): Promise<void> {
    if (this.source.isInitialized) await this.source.destroy();
  }
}

/** Resolves after `delayMs`, or at once when the signal aborts. */
async function waitMs(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.setTimer(delayMs, done);
    signal.addEventListener('abort', done);
  });
}
