import path from 'node:path';
import { EventConnection, type CameraEvent, type RecordingOverride } from '@nightjar/catalog';
import { messageOf } from '@nightjar/common';
import { EventListener, type Subscribe } from '@nightjar/events';
import { metrics } from '@nightjar/monitoring';
import { EVENT_RELEVANT_MS, type DemandSignals } from '@nightjar/recording';
import type { RoleContext } from '@nightjar/role';
import { OverrideCache } from './override-cache.js';

/** Brings what is said in the database to who decides about recording, and the last of it from the disk while it is away. */
export class DemandFeed {
  private readonly listener: EventListener | undefined;
  private readonly cache: OverrideCache;
  /** One write at a time, in order. */
  private saving: Promise<void> = Promise.resolve();

  /** @param subscribe undefined: by the URL of the context, if it has one */
  constructor(
    private readonly context: RoleContext,
    private readonly signals: DemandSignals,
    subscribe: Subscribe | undefined = byUrl(context.databaseUrl),
  ) {
    const { config, clock, logger } = context;
    this.cache = new OverrideCache(path.join(config.dataDir, 'recording-overrides.json'));
    this.listener =
      subscribe &&
      new EventListener({
        subscribe,
        audience: {
          event: (event: CameraEvent) => signals.event(event),
          overrides: (overrides) => this.overrides(overrides),
          heard: (heard) => this.heard(heard),
        },
        lookBackMs: EVENT_RELEVANT_MS,
        clock,
        log: logger,
      });
  }

  /** Tells what was known last; call it before anything is recorded. Never rejects. */
  async recall(): Promise<void> {
    metrics.eventsHeard.set(0);
    try {
      const overrides = await this.cache.load();
      if (overrides !== undefined) this.signals.overrides(overrides);
    } catch (error) {
      this.context.logger.error(
        { err: messageOf(error) },
        'what was said about recording before the start is not known until the database is heard',
      );
    }
  }

  /** Begins to listen; returns at once. */
  start(): void {
    if (this.listener === undefined)
      this.context.logger.warn('no database is configured: events cannot be heard');
    this.listener?.start();
  }

  async stop(): Promise<void> {
    await this.listener?.stop();
    await this.saving;
  }

  private overrides(overrides: readonly RecordingOverride[]): void {
    this.signals.overrides(overrides);
    this.saving = this.saving
      .then(() => this.cache.save(overrides))
      .catch((error: unknown) => {
        this.context.logger.error(
          { err: messageOf(error) },
          'what was said about recording cannot be remembered for a restart',
        );
      });
  }

  private heard(heard: boolean): void {
    metrics.eventsHeard.set(heard ? 1 : 0);
    this.signals.heard(heard);
  }
}

function byUrl(url: string | undefined): Subscribe | undefined {
  return url === undefined || url === ''
    ? undefined
    : (handlers) => EventConnection.open(url, handlers);
}
