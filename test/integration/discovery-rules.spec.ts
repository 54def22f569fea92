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
  createAdoptionRules,
  createOnvifClients,
} from '@nightjar/discovery';
import { CameraSimulator } from '../../apps/camsim/src/simulator.js';
import { freePort } from '../support/free-port.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

const LOGIN = { username: 'admin', password: 'secret' };

describe('devices for which a rule says so', () => {
  let postgres: TestPostgres;
  let catalog: Catalog;
  let folder: string;
  let config: NightjarConfig;
  let simulator: CameraSimulator;
  let ports: { rtsp: number; onvif: number };

  beforeAll(async () => {
    postgres = await startPostgres();
    catalog = new Catalog(postgres.url, { unavailable: () => undefined });
    await catalog.connect();
    folder = await mkdtemp(join(tmpdir(), 'nightjar-rules-'));
    await writeFile(join(folder, 'password'), LOGIN.password);
    await writeFile(join(folder, 'wrong'), 'wrong');
    ports = { rtsp: await freePort(), onvif: await freePort() };
    simulator = new CameraSimulator({
      cameras: [{ name: 'yard', footage: 'garden' }],
      host: '127.0.0.1',
      port: ports.rtsp,
      credentials: LOGIN,
      onvif: {
        port: ports.onvif,
        personalities: {
          yard: { serial: 'S/1 x', manufacturer: 'Acme', model: 'X-1', lockOutAfter: 2 },
        },
      },
    });
    await simulator.start();
  });
  afterAll(async () => {
    await simulator.stop();
    await catalog.close();
    await postgres.remove();
    await rm(folder, { recursive: true });
  });

  async function declare(rule: object): Promise<void> {
    const file = join(folder, 'nightjar.yaml');
    const rules = [{ name: 'cam-{serial}', addresses: ['127.0.0.0/8'], ...rule }];
    const hosts = [`http://127.0.0.1:${ports.onvif}/onvif/device_service`];
    const discovery = { mode: 'unicast', hosts, adopt: { rules } };
    await writeFile(file, JSON.stringify({ version: 1, dataDir: folder, discovery }));
    ({ config } = await loadConfig(file, {}));
  }

  const context = () => ({
    catalog,
    open: createOnvifClients(systemClock),
    config: () => config,
    clock: systemClock,
    log: { info: () => undefined, warn: () => undefined, debug: () => undefined },
  });
  const login = (file: string) => ({
    username: LOGIN.username,
    passwordFile: join(folder, file),
  });

  it('are not locked out by a wrong login, and become managed cameras by the right one', async () => {
    await declare({ credentials: login('wrong') });
    const parts = context();
    const rules = createAdoptionRules(parts, createAdopter(parts));
    const search = async (): Promise<Device> => {
      await createDiscovery(parts).search();
      const [device] = await catalog.devices.list();
      return device!;
    };
    expect(await search()).toMatchObject({ decision: 'new' });
    for (let round = 0; round < 4; round++) await rules.apply();

    // Of a maker that it is not of.
    await declare({ credentials: login('password'), make: 'Other*' });
    await rules.apply();
    expect(await search()).toMatchObject({ decision: 'new', make: 'Acme' });

    // The camera locks after two wrong ones: it was asked with one.
    await declare({ credentials: login('password'), make: 'ac?e', model: 'x*', follow: true });
    await rules.apply();
    const device = await search();
    expect(device).toMatchObject({ decision: 'adopted', camera: 'cam-s-1-x' });
    ({ config } = await loadConfig(join(folder, 'nightjar.yaml'), {}));
    expect(config.cameras['cam-s-1-x']).toMatchObject({
      managed: true,
      credentials: LOGIN,
      onvif: { device: 'S/1 x', address: 'by-serial' },
    });
  }, 60_000);
});
