import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Catalog, type Device } from '@nightjar/catalog';
import { systemClock } from '@nightjar/common';
import { loadConfig, type NightjarConfig } from '@nightjar/config';
import {
  createAdopter,
  createDiscovery,
  createEnforcement,
  createOnvifClients,
  type Enforcement,
} from '@nightjar/discovery';
import { compareSettings } from '../../apps/cli/src/discovery/index.js';
import { CameraSimulator, type SimulatorOptions } from '../../apps/camsim/src/simulator.js';
import { freePort } from '../support/free-port.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

const LOGIN = { username: 'admin', password: 'secret' };

type Personality = NonNullable<NonNullable<SimulatorOptions['onvif']>['personalities']>[string];

describe('a camera whose settings are declared', () => {
  let postgres: TestPostgres;
  let catalog: Catalog;
  let folder: string;
  let config: NightjarConfig;
  let ports: { rtsp: number; onvif: number };
  let simulator: CameraSimulator | undefined;
  let enforcement: Enforcement;

  beforeAll(async () => {
    postgres = await startPostgres();
    catalog = new Catalog(postgres.url, { unavailable: () => undefined });
    await catalog.connect();
    folder = await mkdtemp(join(tmpdir(), 'nightjar-settings-'));
    ports = { rtsp: await freePort(), onvif: await freePort() };
  });
  afterAll(async () => {
    await simulator?.stop();
    await catalog.close();
    await postgres.remove();
    await rm(folder, { recursive: true });
  });

  async function declare(enforce: object): Promise<void> {
    const file = join(folder, 'nightjar.yaml');
    const hosts = [`http://127.0.0.1:${ports.onvif}/onvif/device_service`];
    const discovery = { mode: 'unicast', hosts, enforce };
    await writeFile(file, JSON.stringify({ version: 1, dataDir: folder, discovery }));
    ({ config } = await loadConfig(file, {}));
  }

  async function place(personality: Personality): Promise<void> {
    await simulator?.stop();
    simulator = new CameraSimulator({
      cameras: [{ name: 'yard', footage: 'garden' }],
      host: '127.0.0.1',
      port: ports.rtsp,
      credentials: LOGIN,
      onvif: { port: ports.onvif, personalities: { yard: { serial: 'S-1', ...personality } } },
    });
    await simulator.start();
  }

  const context = () => ({
    catalog,
    open: createOnvifClients(systemClock),
    config: () => config,
    clock: systemClock,
    log: { info: () => undefined, warn: () => undefined, debug: () => undefined },
  });

  async function search(): Promise<Device> {
    await createDiscovery(context(), enforcement).search();
    const [device] = await catalog.devices.list();
    return device!;
  }

  const differences = () =>
    enforcement.list()[0]?.differences.map(({ what, is, wanted }) => [what, is, wanted]);

  it.each([true, false])(
    'is told of, then set, by Media2: %s',
    async (media2) => {
      await declare({});
      await place({ media2 });
      enforcement = createEnforcement(context());
      const found = await search();
      if (found.camera === undefined)
        await createAdopter(context()).adopt(found, {
          name: 'yard',
          login: LOGIN,
          passwordText: false,
          fingerprint: undefined,
          as: 'managed',
          passwordFile: undefined,
          followsDevice: false,
          record: undefined,
        });
      const settings = {
        ntp: ['10.9.9.9', 'pool.example'],
        timeZone: 'CET-1CEST,M3.5.0,M10.5.0/3',
        encoder: { gop: 'frame-rate', bitrate: 1234 },
      };
      await declare(settings);
      // Of another personality than before: what that changed is not what this is about.
      const [adopted] = await catalog.devices.list();
      await catalog.devices.acceptChanges(adopted!.id);
      const before = await search();
      await catalog.devices.acceptChanges(before.id);
      const profile = before.profiles[0]!;
      const gop = Math.round(profile.framesPerSecond!);
      expect(differences()).toEqual([
        ['main bitrate', String(profile.bitrateKbps), '1234'],
        ...(profile.gopFrames === gop
          ? []
          : [['main gop', String(profile.gopFrames), String(gop)]]),
        ['ntp', null, '10.9.9.9 pool.example'],
        ['time zone', 'UTC0', 'CET-1CEST,M3.5.0,M10.5.0/3'],
      ]);

      await declare({ ...settings, mode: 'apply' });
      const after = await search();
      expect(differences()).toEqual([]);
      expect(after.profiles[0]).toMatchObject({ bitrateKbps: 1234, gopFrames: gop });
      expect(after.changes).toEqual([]);
      // What we set ourselves is no drift at the next search either.
      expect((await search()).changes).toEqual([]);
      // Others see it too.
      const client = createOnvifClients()({ url: after.serviceUrls[0]!, login: LOGIN });
      expect(await client.clockSettings()).toMatchObject({
        ntp: ['10.9.9.9', 'pool.example'],
        source: 'NTP',
        timeZone: 'CET-1CEST,M3.5.0,M10.5.0/3',
      });
    },
    60_000,
  );

  it('does not take a size that it does not have, and is told of with what it says', async () => {
    await place({});
    enforcement = createEnforcement(context());
    await declare({ mode: 'apply', encoder: { resolution: '320x240', bitrate: 777 } });
    const device = await search();
    expect(device.profiles[0]?.bitrateKbps).toBe(777);
    expect(enforcement.list()[0]?.differences).toMatchObject([
      {
        what: 'main resolution',
        wanted: '320x240',
        tries: 1,
        refusal: expect.stringMatching(/ConfigModify/),
      },
    ]);
  }, 60_000);

  it('that takes settings with thanks and stays as it is, is asked three times', async () => {
    await place({ encoders: 'ignore' });
    enforcement = createEnforcement(context());
    await declare({ mode: 'apply', encoder: { bitrate: 555 } });
    for (let round = 0; round < 5; round++) await search();
    expect(enforcement.list()[0]?.differences).toMatchObject([
      { what: 'main bitrate', wanted: '555', tries: 3, refusal: null },
    ]);
    const events = await postgres.query(
      `SELECT 1 FROM event WHERE type = 'drift' AND label = 'main bitrate' AND data->>'wanted' = '555'`,
    );
    expect(events).toHaveLength(1);
  }, 60_000);

  it('is compared and set by nightjar settings', async () => {
    await place({});
    await declare({ encoder: { bitrate: 999 } });
    process.env['NIGHTJAR_DATABASE_URL'] = postgres.url;
    try {
      const asked = { configFile: join(folder, 'nightjar.yaml'), json: false };
      const compare = async (camera: string | undefined, apply: boolean) => {
        const lines: string[] = [];
        const output = { out: (line: string) => lines.push(line), err: () => undefined };
        return { same: await compareSettings(asked, camera, apply, output), lines };
      };
      const dry = await compare('yard', false);
      expect(dry.same).toBe(false);
      expect(dry.lines.join('\n')).toMatch(/yard +main bitrate +\d+ +999/);
      expect((await compare(undefined, false)).same).toBe(false);
      const set = await compare('yard', true);
      expect([set.same, set.lines]).toEqual([true, ['1 cameras are set as declared']]);
      expect((await compare('yard', false)).same).toBe(true);
      await expect(compare('porch', false)).rejects.toMatchObject({ code: 'cli/no-settings' });
    } finally {
      delete process.env['NIGHTJAR_DATABASE_URL'];
    }
  }, 60_000);
});
