import type { SchedulerRegistry } from '@nestjs/schedule';
import type { DeviceRepository } from '@nightjar/catalog';
import { messageOf, NightjarError, type Clock } from '@nightjar/common';
import type { DiscoveryConfig } from '@nightjar/config';
import { metrics } from '@nightjar/monitoring';
import type { AdoptionRules } from './adoption/adoption-rules.js';
import type { Discovery } from './discovery.js';
import type { EventWatches } from './events/event-watches.js';
import type { Announcements } from './search/announcements.js';
import { pause } from './search/pause.js';
import { localInterfaces } from './search/interfaces.js';
import { statusOf } from './status.js';

const TIMER = 'discovery.search';
/** After a search that failed, because the database is away. */
const RETRY_MS = 10_000;
/** What the end of everything may take here. */
const STOP_MS = 1_500;
const STATES = ['new', 'adopted', 'ignored', 'changed', 'gone'] as const;

export interface DiscoveryWorkParts {
  readonly discovery: Discovery;
  readonly rules: Pick<AdoptionRules, 'apply' | 'stop'>;
  readonly announcements: Announcements;
  readonly devices: Pick<DeviceRepository, 'list'>;
  readonly watches: EventWatches;
  readonly registry: SchedulerRegistry;
  readonly config: () => DiscoveryConfig;
  readonly clock: Clock;
  readonly log: { warn(fields: object, message: string): void };
}

/** Searches on schedule, listens to announcements and hears events of cameras for as long as the role lives. */
export class DiscoveryWork {
  private stopped = true;
  private running: Promise<void> = Promise.resolve();
  private complaint: string | undefined;

  constructor(private readonly parts: DiscoveryWorkParts) {}

  /** Returns at once; the first search begins at once, too. */
  start(): void {
    this.stopped = false;
    void this.parts.watches.apply();
    this.searchIn(0);
  }

  /** The configuration of discovery has changed. */
  changed(): void {
    if (!this.stopped) this.searchIn(0);
  }

  /** Cameras of the configuration have changed. */
  camerasChanged(): void {
    if (!this.stopped) void this.parts.watches.apply();
  }

  async stop(): Promise<void> {
    const { announcements, discovery, rules, watches, clock } = this.parts;
    this.stopped = true;
    this.cancel();
    announcements.close();
    // A device that is away answers nothing for longer than we may take; what it would have said is not missed.
    const ended = Promise.all([discovery.stop(), rules.stop(), this.running, watches.stop()]);
    await Promise.race([ended, pause(clock, STOP_MS, new AbortController().signal)]);
  }

  private searchIn(ms: number): void {
    this.cancel();
    const timer = setTimeout(() => {
      this.running = this.round();
    }, ms);
    timer.unref();
    this.parts.registry.addTimeout(TIMER, timer);
  }

  private cancel(): void {
    const { registry } = this.parts;
    if (registry.doesExist('timeout', TIMER)) registry.deleteTimeout(TIMER);
  }

  /** Never rejects. */
  private async round(): Promise<void> {
    const { discovery, announcements, config, log } = this.parts;
    const { mode, interfaces, intervalMs } = config();
    let nextMs = intervalMs;
    try {
      const hears = mode === 'multicast' || mode === 'both';
      await announcements.listen(hears ? localInterfaces(interfaces) : []);
      if (mode !== 'off') {
        const { failed } = await discovery.search();
        metrics.discoverySearches.inc({ result: failed.length > 0 ? 'in-part' : 'whole' });
      }
      await this.parts.watches.apply();
      if (mode !== 'off') await this.parts.rules.apply();
      await this.count();
      this.complaint = undefined;
    } catch (error) {
      metrics.discoverySearches.inc({ result: 'failed' });
      nextMs = Math.min(RETRY_MS, intervalMs);
      const reason = messageOf(error);
      const isNews = this.complaint !== reason && !isCancelled(error);
      if (isNews) log.warn({ err: reason }, 'the network cannot be searched; trying on');
      this.complaint = reason;
    }
    if (!this.stopped) this.searchIn(nextMs);
  }

  private async count(): Promise<void> {
    const { devices, clock, config } = this.parts;
    const { intervalMs } = config();
    const nowMs = clock.wallMs();
    const states = (await devices.list()).map((device) => statusOf(device, nowMs, intervalMs));
    for (const state of STATES) {
      const count = states.filter((one) => one === state).length;
      metrics.discoveryDevices.set({ state }, count);
    }
  }
}

function isCancelled(error: unknown): boolean {
  return error instanceof NightjarError && error.kind === 'cancelled';
}
