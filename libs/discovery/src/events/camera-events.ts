import { randomUUID } from 'node:crypto';
import { messageOf, NightjarError, type Clock } from '@nightjar/common';
import type { EventBus } from '@nightjar/events';
import { metrics } from '@nightjar/monitoring';
import type { EventSubscription, OnvifClient } from '../client/onvif-client.js';
import { RENEW_AFTER_MS } from '../client/pull-point.js';
import { pause } from '../search/pause.js';
import { normalise, type Happening } from './normalise.js';
import { StateChanges, type Change } from './state-changes.js';

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;
const PUBLISH_RETRY_MS = 1_000;
/** Changes that wait for a database that is away; older ones are lost. */
const MAX_WAITING = 500;

export interface CameraEventsParts {
  readonly camera: string;
  readonly client: OnvifClient;
  readonly bus: Pick<EventBus, 'publish' | 'endLeft'>;
  readonly clock: Clock;
  /** How long an end must last to count; absent: the usual time. */
  readonly debounceMs?: number;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}

/** Hears what a camera tells of what happens, for as long as it is a camera, and publishes it by our clock. */
export class CameraEvents {
  private readonly stopping = new AbortController();
  private readonly changes: StateChanges;
  /** Ids of what goes on, by key. */
  private readonly open = new Map<string, string>();
  private readonly waiting: (() => Promise<unknown>)[] = [];
  private publishing: Promise<void> | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly parts: CameraEventsParts) {
    this.changes = new StateChanges(
      parts.clock,
      (happening, change) => this.changed(happening, change),
      parts.debounceMs,
    );
  }

  /** Returns at once. What an earlier one left open ends first: its end may have been missed. */
  start(): void {
    const { bus, camera } = this.parts;
    this.enqueue(() => bus.endLeft({ camera, source: 'onvif' }));
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.changes.stop();
    await this.running;
    await this.publishing;
  }

  private async run(): Promise<void> {
    const { camera, clock, log } = this.parts;
    const { signal } = this.stopping;
    let retryMs = FIRST_RETRY_MS;
    let complaint: string | undefined;
    while (!signal.aborted) {
      try {
        await this.hear(() => {
          log.info({ camera }, 'events of the camera are heard');
          metrics.cameraEventsHeard.set({ camera }, 1);
          retryMs = FIRST_RETRY_MS;
          complaint = undefined;
        });
      } catch (error) {
        if (signal.aborted) break;
        metrics.cameraEventsHeard.set({ camera }, 0);
        const reason = messageOf(error);
        if (complaint !== reason)
          log.warn({ camera, reason }, 'events of the camera are not heard');
        complaint = reason;
        await pause(clock, isHopeless(error) ? LAST_RETRY_MS : retryMs, signal);
        retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
      }
    }
    metrics.cameraEventsHeard.remove({ camera });
  }

  /** One subscription, from its beginning to the first failure. */
  private async hear(begun: () => void): Promise<void> {
    const { client } = this.parts;
    const { signal } = this.stopping;
    const subscription = await client.subscribe();
    try {
      let renewAtMs = this.nowMs() + RENEW_AFTER_MS;
      let isFirst = true;
      while (!signal.aborted) {
        for (const notification of await subscription.pull(signal)) {
          const happening = normalise(notification);
          if (happening !== undefined) this.changes.take(happening, notification.operation);
        }
        if (isFirst) begun();
        isFirst = false;
        if (this.nowMs() < renewAtMs) continue;
        renewAtMs = this.nowMs() + RENEW_AFTER_MS;
        await this.renew(subscription);
      }
    } finally {
      await subscription.close().catch(() => undefined);
    }
  }

  /** Some know no Renew, and let each pull prolong the subscription. ONVIF Core s.9.1.2. */
  private async renew(subscription: EventSubscription): Promise<void> {
    try {
      await subscription.renew(this.stopping.signal);
    } catch (error) {
      if (!(error instanceof NightjarError) || error.kind !== 'protocol') throw error;
    }
  }

  private nowMs(): number {
    return this.parts.clock.monotonicMs();
  }

  private changed({ type, key }: Happening, change: Change): void {
    const { bus, camera, clock } = this.parts;
    const at = clock.wallMs();
    const id = change === 'end' ? this.open.get(key) : `onvif-${randomUUID()}`;
    if (id === undefined) return;
    if (change === 'begin') this.open.set(key, id);
    else this.open.delete(key);
    const report = {
      type,
      state: change,
      id,
      at,
      stream: undefined,
      label: undefined,
      data: undefined,
    };
    this.enqueue(() => bus.publish(report, { camera, source: 'onvif' }));
  }

  private enqueue(work: () => Promise<unknown>): void {
    if (this.waiting.length >= MAX_WAITING) this.waiting.shift();
    this.waiting.push(work);
    this.publishing ??= this.publish().finally(() => (this.publishing = undefined));
  }

  /** In order; what the bus refuses is lost, what it cannot take now is tried again. */
  private async publish(): Promise<void> {
    const { camera, clock, log } = this.parts;
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      try {
        await next();
      } catch (error) {
        if (error instanceof NightjarError && error.kind === 'unavailable') {
          if (this.stopping.signal.aborted) return;
          await pause(clock, PUBLISH_RETRY_MS, this.stopping.signal);
          continue;
        }
        log.warn({ camera, err: messageOf(error) }, 'an event of the camera was refused');
      }
      // It may have been pushed out meanwhile.
      if (this.waiting[0] === next) this.waiting.shift();
    }
  }
}

/** What trying soon does not mend. */
function isHopeless(error: unknown): boolean {
  return (
    error instanceof NightjarError &&
    (error.code === 'discovery/unsupported' ||
      ['unauthenticated', 'forbidden'].includes(error.kind))
  );
}
