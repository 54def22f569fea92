import type { CameraEvent, EventConnection, RecordingOverride } from '@nightjar/catalog';
import { messageOf, NightjarError, type Clock, type Timer } from '@nightjar/common';
import type { Logger } from '@nightjar/monitoring';

/** A connection that says nothing for so long is asked: it may have died in silence, and a notice may be late. */
export const ASK_INTERVAL_MS = 5_000;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;
/** Changes read at once. */
const PAGE = 500;

/** The connection of {@link EventConnection}, as far as it is used here. */
export type EventSubscription = Pick<
  EventConnection,
  'newestChange' | 'eventsSince' | 'eventsAfter' | 'overrides' | 'close'
>;
/** As {@link EventConnection.open}, to a database of its own knowledge. */
export type Subscribe = (handlers: {
  notified(): void;
  ended(reason: string): void;
}) => Promise<EventSubscription>;

/** Who is told. All calls are made in order, one after the other. */
export interface EventAudience {
  /** All that are stored; told whenever one has changed, and after each new connection. */
  overrides(overrides: readonly RecordingOverride[]): void;
  /** An event as it is now; the same one may be told again. */
  event(event: CameraEvent): void;
  /** Whether events can be heard: after all that were missed before are told, and as soon as the connection is lost. */
  heard(heard: boolean): void;
}

export interface EventListenerOptions {
  readonly subscribe: Subscribe;
  readonly audience: EventAudience;
  /** How far back events are told after the start, beside those that go on, milliseconds. */
  readonly lookBackMs: number;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/**
 * Hears of events and overrides as they are published, for as long as the process lives. While the database is away it
 * tries again; what was published meanwhile is told before {@link EventAudience.heard} says that events are heard again.
 */
export class EventListener {
  /** Number of the last change that was told. */
  private cursor: number | undefined;
  private told: string | undefined;
  private hearing = false;
  private stopped = false;
  private wake: () => void = () => undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: EventListenerOptions) {}

  /** Returns at once. */
  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    const { clock, log, audience } = this.options;
    let retryMs = FIRST_RETRY_MS;
    let complaint: string | undefined;
    while (!this.stopped) {
      try {
        await this.hear(() => {
          if (complaint !== undefined) log.info('events are heard again');
          complaint = undefined;
          retryMs = FIRST_RETRY_MS;
        });
      } catch (error) {
        const reason = messageOf(error);
        if (complaint !== reason) log.warn({ reason }, 'events cannot be heard');
        complaint = reason;
      }
      // Who stops listening has not lost its ear: nothing is to be recorded because of that.
      if (this.stopped) return;
      if (this.hearing) audience.heard((this.hearing = false));
      await this.pause(clock, retryMs);
      retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
    }
  }

  /** One connection, from its first read to its end. */
  private async hear(begun: () => void): Promise<void> {
    const { clock, audience } = this.options;
    const link: { news: boolean; ended: string | undefined } = { news: true, ended: undefined };
    const subscription = await this.options.subscribe({
      notified: () => {
        link.news = true;
        this.wake();
      },
      ended: (reason) => {
        link.ended = reason;
        this.wake();
      },
    });
    try {
      await this.beginReading(subscription);
      while (!this.stopped && link.ended === undefined) {
        if (!link.news) await this.pause(clock, ASK_INTERVAL_MS);
        if (this.stopped || link.ended !== undefined) break;
        link.news = false;
        await this.read(subscription);
        if (this.hearing || link.ended !== undefined) continue;
        audience.heard((this.hearing = true));
        begun();
      }
    } finally {
      await subscription.close();
    }
    if (link.ended !== undefined)
      throw new NightjarError('unavailable', 'events/connection-ended', link.ended);
  }

  private async beginReading(subscription: EventSubscription): Promise<void> {
    const newest = await subscription.newestChange();
    // A database that was restored knows less than we do: it is a new one to us.
    if (this.cursor !== undefined && this.cursor <= newest) return;
    const { audience, clock, lookBackMs } = this.options;
    for (const event of await subscription.eventsSince(clock.wallMs() - lookBackMs))
      audience.event(event);
    this.cursor = newest;
  }

  private async read(subscription: EventSubscription): Promise<void> {
    const { audience } = this.options;
    const overrides = await subscription.overrides();
    const text = JSON.stringify(overrides);
    if (text !== this.told) audience.overrides(overrides);
    this.told = text;
    for (;;) {
      const changes = await subscription.eventsAfter(this.cursor ?? 0, PAGE);
      for (const { change, event } of changes) {
        audience.event(event);
        this.cursor = change;
      }
      if (changes.length < PAGE) return;
    }
  }

  /** Waits until {@link wake} is called, or for so long. */
  private async pause(clock: Clock, ms: number): Promise<void> {
    if (this.stopped) return;
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      timer = clock.setTimer(ms, resolve);
    });
    timer?.cancel();
    this.wake = () => undefined;
  }
}
