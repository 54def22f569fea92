import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Device } from '@nightjar/catalog';
import { ManualClock, NightjarError } from '@nightjar/common';
import { parseAddressRange, updateManaged, type NightjarConfig } from '@nightjar/config';
import type { OnvifClient, ReadDevice } from '../client/onvif-client.js';
import type { AdoptionRequest } from './adopter.js';
import { AdoptionRules } from './adoption-rules.js';

const RULE = {
  name: 'cam-{serial}',
  addresses: [parseAddressRange('10.0.0.0/24')],
  make: 'acme',
  model: undefined,
  serial: undefined,
  credentials: { username: 'u', password: 'p' },
  followsDevice: true,
  record: 'event',
};

describe('adoption by rule', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'nightjar-rules-'));
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  function setUp(adopt: object | undefined, addresses: readonly string[], more: object = {}) {
    const clock = new ManualClock();
    const nowMs = clock.wallMs();
    const devices = addresses.map((address, index) => ({
      id: index + 1,
      endpoint: `urn:${index + 1}`,
      addresses: [address],
      serviceUrls: [`http://${address}/onvif/device_service`],
      decision: 'new',
      changes: [],
      profiles: [],
      lastSeenMs: nowMs,
      ...more,
    })) as unknown as Device[];
    const logins: string[] = [];
    const adopted: AdoptionRequest[] = [];
    let answer = (url: string): ReadDevice | Error =>
      ({ reading: { make: 'Acme', serial: new URL(url).hostname.split('.').at(-1) } }) as never;
    const config = { dataDir, cameras: {}, discovery: { adopt, intervalMs: 60_000 } };
    const rules = new AdoptionRules({
      clock,
      config: () => config as unknown as NightjarConfig,
      devices: {
        list: () => Promise.resolve(devices),
        get: (id) => Promise.resolve(devices.find((one) => one.id === id)),
        read: (id, reading) => {
          Object.assign(
            devices.find((one) => one.id === id)!,
            reading,
          );
          return Promise.resolve(id);
        },
      },
      adopter: {
        adopt: async (device, request) => {
          adopted.push(request);
          await updateManaged(dataDir, ({ cameras, addresses }) => ({
            cameras: { ...cameras, [request.name]: {} },
            addresses,
          }));
          Object.assign(device, { decision: 'adopted' });
          return { camera: request.name, yaml: '', managed: true, streams: [] };
        },
      },
      open: ({ url }) =>
        ({
          read: () => {
            logins.push(url);
            const told = answer(url);
            return told instanceof Error ? Promise.reject(told) : Promise.resolve(told);
          },
        }) as unknown as OnvifClient,
      log: { info: () => undefined, warn: () => undefined },
    });
    return {
      rules,
      clock,
      devices,
      logins,
      adopted,
      config,
      names: () => adopted.map(({ name }) => name),
      answers: (next: typeof answer) => (answer = next),
    };
  }

  it('is none without a rule', async () => {
    const { rules, logins, adopted } = setUp(undefined, ['10.0.0.7']);
    await rules.apply();
    expect([logins, adopted]).toEqual([[], []]);
  });

  it('makes managed cameras of those that match, and nobody else is sent the login', async () => {
    const { rules, logins, adopted } = setUp({ limit: 9, rules: [RULE] }, ['10.0.0.7', '10.0.1.8']);
    await rules.apply();
    expect(logins).toEqual(['http://10.0.0.7/onvif/device_service']);
    expect(adopted).toEqual([
      {
        name: 'cam-7',
        login: RULE.credentials,
        passwordText: false,
        fingerprint: undefined,
        as: 'managed',
        passwordFile: undefined,
        followsDevice: true,
        record: 'event',
      },
    ]);
    await rules.apply();
    expect(logins).toHaveLength(1);
  });

  it('leaves alone what is ignored, gone, or changed', async () => {
    for (const more of [{ decision: 'ignored' }, { leftAtMs: 1 }, { lastSeenMs: -1e9 }]) {
      const { rules, logins } = setUp({ limit: 9, rules: [RULE] }, ['10.0.0.7'], more);
      await rules.apply();
      expect(logins).toEqual([]);
    }
  });

  it('asks another maker once', async () => {
    const { rules, logins, adopted, answers } = setUp({ limit: 9, rules: [RULE] }, ['10.0.0.7']);
    answers(() => ({ reading: { make: 'Other' } }) as never);
    await rules.apply();
    await rules.apply();
    expect(logins).toHaveLength(1);
    expect(adopted).toEqual([]);
  });

  it('does not try a refused login again, until the credentials change', async () => {
    const { rules, logins, answers, clock, config } = setUp({ limit: 9, rules: [RULE] }, [
      '10.0.0.7',
    ]);
    answers(() => ({ reading: {}, problem: 'the device refuses the login' }) as never);
    await rules.apply();
    clock.advance(50_000);
    await rules.apply();
    expect(logins).toHaveLength(1);
    config.discovery.adopt = {
      limit: 9,
      rules: [{ ...RULE, credentials: { username: 'u', password: 'q' } }],
    };
    await rules.apply();
    expect(logins).toHaveLength(2);
  });

  it('tries three times what fails otherwise', async () => {
    const { rules, logins, answers } = setUp({ limit: 9, rules: [RULE] }, ['10.0.0.7']);
    answers(() => new NightjarError('unavailable', 'discovery/unreachable', 'is not there'));
    for (let round = 0; round < 5; round++) await rules.apply();
    expect(logins).toHaveLength(3);
  });

  it('stops at the limit, at eight devices a round, and at a name that is taken', async () => {
    const many = Array.from({ length: 12 }, (_, index) => `10.0.0.${index + 10}`);
    const limited = setUp({ limit: 3, rules: [RULE] }, many);
    await limited.rules.apply();
    expect(limited.names()).toEqual(['cam-10', 'cam-11', 'cam-12']);

    await updateManaged(dataDir, () => ({ cameras: {}, addresses: {} }));
    const round = setUp({ limit: 100, rules: [RULE] }, many);
    await round.rules.apply();
    expect(round.names()).toHaveLength(8);

    await updateManaged(dataDir, () => ({ cameras: {}, addresses: {} }));
    const taken = setUp({ limit: 100, rules: [{ ...RULE, name: 'one' }] }, many.slice(0, 2));
    await taken.rules.apply();
    expect(taken.names()).toEqual(['one']);
  });

  it('leaves a device that a camera plays already', async () => {
    const { rules, adopted, answers, config } = setUp({ limit: 9, rules: [RULE] }, ['10.0.0.7']);
    const profiles = [{ streamUrl: 'rtsp://10.0.0.7:554/main' }];
    answers(() => ({ reading: { make: 'Acme', serial: '7', profiles } }) as never);
    Object.assign(config.cameras, {
      old: { name: 'old', streams: { main: { source: 'pull', url: 'rtsp://10.0.0.7/main' } } },
    });
    await rules.apply();
    expect(adopted).toEqual([]);
  });
});
