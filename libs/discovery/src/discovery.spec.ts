import { describe, expect, it } from '@jest/globals';
import type { Device, DeviceReading, DeviceSighting } from '@nightjar/catalog';
import { ManualClock, NightjarError } from '@nightjar/common';
import type { DiscoveryConfig } from '@nightjar/config';
import { DeviceReader } from './device-reader.js';
import { Discovery } from './discovery.js';
import type { SearchWork } from './search/multicast-search.js';
import { statusOf } from './status.js';

const CONFIG: DiscoveryConfig = {
  mode: 'multicast',
  intervalMs: 60_000,
  interfaces: undefined,
  hosts: [],
  hostsPerSecond: 50,
};

const sighting = (endpoint: string, address: string): DeviceSighting => ({
  endpoint,
  address,
  serviceUrls: [`http://${address}/onvif/device_service`],
  scopes: [],
  name: undefined,
  hardware: undefined,
});

/** As the catalog, of what a search needs. */
class Devices {
  readonly rows = new Map<string, Device>();
  readonly readings: { readonly id: number; readonly what: DeviceReading | string }[] = [];

  list = () => Promise.resolve([...this.rows.values()]);
  forget = () => Promise.resolve();
  get = (id: number) => Promise.resolve([...this.rows.values()].find((one) => one.id === id));
  adopt = () => Promise.resolve(true);

  sighted = ({ address, ...rest }: DeviceSighting, atMs: number) => {
    const before = this.rows.get(rest.endpoint);
    const addresses = [address, ...(before?.addresses ?? []).filter((one) => one !== address)];
    const device = {
      id: this.rows.size + 1,
      decision: 'new',
      changes: [],
      firstSeenMs: atMs,
      ...before,
      ...rest,
      addresses,
      lastSeenMs: atMs,
      leftAtMs: undefined,
    } as unknown as Device;
    this.rows.set(rest.endpoint, device);
    return Promise.resolve(device);
  };

  left = (endpoint: string, leftAtMs: number) => {
    const row = this.rows.get(endpoint);
    if (row !== undefined) this.rows.set(endpoint, { ...row, leftAtMs });
    return Promise.resolve();
  };

  read = (id: number, what: DeviceReading) => {
    this.readings.push({ id, what });
    return Promise.resolve(id);
  };

  unread = (id: number, what: string) => {
    this.readings.push({ id, what });
    return Promise.resolve();
  };
}

function discover(config: Partial<DiscoveryConfig> = {}) {
  const clock = new ManualClock();
  const devices = new Devices();
  const asked: string[] = [];
  const dead = new Set<string>();
  let answers: (work: SearchWork) => Promise<void> = () => Promise.resolve();
  const reading = { serial: 'S' } as DeviceReading;
  const discovery = new Discovery({
    devices,
    cameraOf: () => undefined,
    reader: new DeviceReader({
      devices,
      clock,
      accessTo: () => undefined,
      noticed: () => Promise.resolve(),
      open: ({ url }) => ({
        identify: () => Promise.resolve(undefined),
        subscribe: () => Promise.reject(new Error('unused')),
        ptz: () => Promise.reject(new Error('unused')),
        presets: () => Promise.reject(new Error('unused')),
        snapshot: () => Promise.reject(new Error('unused')),
        clockSettings: () => Promise.reject(new Error('unused')),
        setClock: () => Promise.reject(new Error('unused')),
        setEncoder: () => Promise.reject(new Error('unused')),
        read: () => {
          asked.push(url);
          return dead.has(new URL(url).hostname)
            ? Promise.reject(
                new NightjarError('unavailable', 'discovery/unreachable', 'is not there'),
              )
            : Promise.resolve({ reading, problem: undefined });
        },
      }),
    }),
    searchNetwork: (_config, work) => answers(work),
    ownEndpoint: () => Promise.resolve('ourselves'),
    config: () => ({ ...CONFIG, ...config }),
    clock,
    log: { info: () => undefined, warn: () => undefined, debug: () => undefined },
  });
  return {
    clock,
    devices,
    discovery,
    asked,
    dead,
    answer: (next: (work: SearchWork) => void) => {
      answers = (work) => Promise.resolve(next(work));
    },
  };
}

describe('a search', () => {
  it('keeps each device once, however often and from wherever it answers, and reads it', async () => {
    const { discovery, devices, answer, asked } = discover();
    answer(({ found, failed }) => {
      for (const address of ['10.0.0.1', '10.0.0.1', 'fd00::1']) found(sighting('urn:a', address));
      found(sighting('urn:b', '10.0.0.2'));
      failed('wlan0', 'is down');
    });
    expect(await discovery.search()).toEqual({
      found: 2,
      added: 2,
      failed: [{ where: 'wlan0', reason: 'is down' }],
    });
    expect(asked).toHaveLength(2);
    expect(devices.readings).toHaveLength(2);
    expect(await discovery.search()).toMatchObject({ found: 2, added: 0 });
  });

  it('stays with the address that it knows as long as that answers', async () => {
    const { discovery, devices, answer } = discover();
    answer(({ found }) => found(sighting('urn:a', '10.0.0.1')));
    await discovery.search();
    answer(({ found }) => {
      found(sighting('urn:a', '10.0.0.66'));
      found(sighting('urn:a', '10.0.0.1'));
    });
    await discovery.search();
    expect(devices.rows.get('urn:a')?.addresses).toEqual(['10.0.0.1']);
    answer(({ found }) => found(sighting('urn:a', '10.0.0.66')));
    await discovery.search();
    expect(devices.rows.get('urn:a')?.addresses).toEqual(['10.0.0.66', '10.0.0.1']);
  });

  it('takes a link-local address only of a device that has no other', async () => {
    const { discovery, devices, answer, asked } = discover();
    answer(({ found }) => {
      for (const address of ['fe80::1%eth0', '10.0.0.1']) found(sighting('urn:a', address));
      found(sighting('urn:b', 'fe80::2%eth0'));
    });
    await discovery.came(sighting('urn:b', 'fe80::2%eth0'));
    expect([...devices.rows.values()].map(({ addresses }) => addresses)).toEqual([
      ['10.0.0.1'],
      ['fe80::2%eth0'],
    ]);
    expect(asked).toHaveLength(2);
  });

  it('does not find ourselves', async () => {
    const { discovery, devices, answer } = discover();
    answer(({ found }) => found(sighting('urn:uuid:OURSELVES', '10.0.0.1')));
    expect(await discovery.search()).toMatchObject({ found: 0 });
    await discovery.came(sighting('urn:uuid:ourselves', '10.0.0.1'));
    expect(devices.rows.size).toBe(0);
  });

  it('asks nothing of a device that is ignored', async () => {
    const { discovery, devices, answer, asked } = discover();
    answer(({ found }) => found(sighting('urn:a', '10.0.0.1')));
    await discovery.search();
    devices.rows.set('urn:a', { ...devices.rows.get('urn:a')!, decision: 'ignored' });
    await discovery.search();
    expect(asked).toHaveLength(1);
  });

  it('goes on when a device does not answer', async () => {
    const { discovery, devices, answer, dead } = discover();
    dead.add('10.0.0.1');
    answer(({ found }) => {
      found(sighting('urn:a', '10.0.0.1'));
      for (let i = 2; i < 40; i++) found(sighting(`urn:${i}`, `10.0.0.${i}`));
    });
    expect(await discovery.search()).toMatchObject({ found: 39 });
    expect(devices.readings.filter(({ what }) => what === 'is not there')).toHaveLength(1);
  });

  it('is one for all who ask at the same time', async () => {
    const { discovery } = discover();
    expect(discovery.search()).toBe(discovery.search());
    await discovery.stop();
  });

  it('fails when the catalog does, and is refused when it is off', async () => {
    const { discovery, devices, answer } = discover();
    devices.sighted = () => Promise.reject(new NightjarError('unavailable', 'a/b', 'away'));
    answer(({ found }) => found(sighting('urn:a', '10.0.0.1')));
    await expect(discovery.search()).rejects.toThrow('away');
    expect(() => discover({ mode: 'off' }).discovery.search()).toThrow(/discovery.mode is off/);
  });
});

describe('announcements', () => {
  it('bring a device at once, and take it away', async () => {
    const { discovery, devices, asked, clock } = discover();
    await discovery.came(sighting('urn:a', '10.0.0.1'));
    expect(asked).toEqual(['http://10.0.0.1/onvif/device_service']);
    const status = () => statusOf(devices.rows.get('urn:a')!, clock.wallMs(), CONFIG.intervalMs);
    expect(status()).toBe('new');
    await discovery.left('urn:a');
    expect(status()).toBe('gone');
    await discovery.came(sighting('urn:a', '10.0.0.1'));
    expect(status()).toBe('new');
    clock.advance(3 * CONFIG.intervalMs + 1);
    expect(status()).toBe('gone');
  });

  it('from another address make a search, which finds out where the device is', async () => {
    const { discovery, devices, answer } = discover();
    await discovery.came(sighting('urn:a', '10.0.0.1'));
    answer(({ found }) => found(sighting('urn:a', '10.0.0.1')));
    await discovery.came(sighting('urn:a', '10.0.0.66'));
    expect(devices.rows.get('urn:a')?.addresses).toEqual(['10.0.0.1']);
  });

  it('by the thousand cost little', async () => {
    const { discovery, asked } = discover();
    for (let i = 0; i < 1_000; i++) await discovery.came(sighting(`urn:${i}`, '10.0.0.1'));
    expect(asked).toHaveLength(20);
  });
});
