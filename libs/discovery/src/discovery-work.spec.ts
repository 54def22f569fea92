import { describe, expect, it } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import { ManualClock, NightjarError } from '@nightjar/common';
import type { DiscoveryConfig } from '@nightjar/config';
import { DiscoveryWork } from './discovery-work.js';
import type { Discovery, SearchOutcome } from './discovery.js';
import type { EventWatches } from './events/event-watches.js';
import type { Announcements } from './search/announcements.js';

function work(mode: DiscoveryConfig['mode'], search: () => Promise<SearchOutcome>) {
  const clock = new ManualClock();
  const registry = new SchedulerRegistry();
  const counts = { searched: 0, applied: 0, heard: 0, warned: 0 };
  let looked: () => void = () => undefined;
  const done = new Promise<void>((resolve) => (looked = resolve));
  const discoveryWork = new DiscoveryWork({
    discovery: {
      search: () => {
        counts.searched += 1;
        return search();
      },
      stop: () => Promise.resolve(),
    } as unknown as Discovery,
    announcements: {
      listen: (interfaces: readonly unknown[]) => {
        counts.heard = interfaces.length;
        return Promise.resolve();
      },
      close: () => undefined,
    } as unknown as Announcements,
    watches: {
      apply: () => {
        counts.applied += 1;
        return Promise.resolve();
      },
      stop: () => Promise.resolve(),
    } as unknown as EventWatches,
    rules: { apply: () => Promise.resolve(), stop: () => Promise.resolve() },
    devices: {
      list: () => {
        looked();
        return Promise.resolve([]);
      },
    },
    registry,
    config: () => ({
      mode,
      intervalMs: 60_000,
      interfaces: undefined,
      hosts: [],
      hostsPerSecond: 1,
    }),
    clock,
    log: {
      warn: () => {
        counts.warned += 1;
        looked();
      },
    },
  });
  return { discoveryWork, registry, counts, clock, done };
}

const FOUND = { found: 0, added: 0, failed: [] };

describe('discovery at work', () => {
  it('searches at once, hears announcements and events, and plans the next search', async () => {
    const { discoveryWork, registry, counts, done } = work('multicast', () =>
      Promise.resolve(FOUND),
    );
    discoveryWork.start();
    await done;
    await new Promise(setImmediate);
    expect(counts).toMatchObject({ searched: 1, applied: 2 });
    expect(counts.heard).toBeGreaterThan(0);
    expect(registry.getTimeouts()).toHaveLength(1);
    await discoveryWork.stop();
    expect(registry.getTimeouts()).toEqual([]);
  });

  it('asks nobody when it is off, and hears the events of cameras all the same', async () => {
    const { discoveryWork, counts, done } = work('off', () => Promise.resolve(FOUND));
    discoveryWork.start();
    await done;
    expect(counts).toMatchObject({ searched: 0, heard: 0 });
    expect(counts.applied).toBeGreaterThan(0);
    await discoveryWork.stop();
  });

  it('tries again after a failure, and says so once', async () => {
    const { discoveryWork, registry, counts, done } = work('multicast', () =>
      Promise.reject(new NightjarError('unavailable', 'catalog/away', 'away')),
    );
    discoveryWork.start();
    await done;
    await new Promise(setImmediate);
    expect(counts.warned).toBe(1);
    expect(registry.getTimeouts()).toHaveLength(1);
    await discoveryWork.stop();
  });

  it('ends in time, even while a device keeps it waiting', async () => {
    let asked: () => void = () => undefined;
    const searching = new Promise<void>((resolve) => (asked = resolve));
    const { discoveryWork, clock } = work('multicast', () => {
      asked();
      return new Promise(() => undefined);
    });
    discoveryWork.start();
    await searching;
    const stopped = discoveryWork.stop();
    clock.advance(1_500);
    await stopped;
  });
});
