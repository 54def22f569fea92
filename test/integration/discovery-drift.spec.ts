import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Catalog, type Device } from '@nightjar/catalog';
import { systemClock } from '@nightjar/common';
import { loadConfig, type NightjarConfig } from '@nightjar/config';
import { createAdopter, createDiscovery, createOnvifClients } from '@nightjar/discovery';
import { metrics } from '@nightjar/monitoring';
import { CameraSimulator, type SimulatorOptions } from '../../apps/camsim/src/simulator.js';
import { freePort } from '../support/free-port.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

const LOGIN = { username: 'admin', password: 'secret' };

type Personality = NonNullable<NonNullable<SimulatorOptions['onvif']>['personalities']>[string];

describe('an adopted camera', () => {
  let postgres: TestPostgres;
  let catalog: Catalog;
  let folder: string;
  let config: NightjarConfig;
  let ports: { rtsp: number; onvif: number };
  let simulator: CameraSimulator | undefined;

  beforeAll(async () => {
    postgres = await startPostgres();
    catalog = new Catalog(postgres.url, { unavailable: () => undefined });
    await catalog.connect();
    folder = await mkdtemp(join(tmpdir(), 'nightjar-drift-'));
    ports = { rtsp: await freePort(), onvif: await freePort() };
    await writeFile(
      join(folder, 'nightjar.yaml'),
      JSON.stringify({
        version: 1,
        dataDir: folder,
        discovery: {
          mode: 'unicast',
          hosts: ['127.0.0.2', '127.0.0.3'].map(
            (host) => `http://${host}:${ports.onvif}/onvif/device_service`,
          ),
        },
      }),
    );
    await load();
  });
  afterAll(async () => {
    await simulator?.stop();
    await catalog.close();
    await postgres.remove();
    await rm(folder, { recursive: true });
  });

  const load = async (): Promise<void> => {
    config = (await loadConfig(join(folder, 'nightjar.yaml'), {})).config;
  };

  /** Takes away the camera that is there, and puts one at another address. */
  async function place(host: string, personality: Personality = {}): Promise<void> {
    await simulator?.stop();
    simulator = new CameraSimulator({
      cameras: [{ name: 'yard', footage: 'garden' }],
      host,
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
  async function search(): Promise<Device[]> {
    await createDiscovery(context()).search();
    await load();
    return await catalog.devices.list();
  }
  const drift = async (): Promise<number | undefined> =>
    (await metrics.cameraDrift.get()).values.find(({ labels }) => labels.camera === 'yard')?.value;
  const mainUrl = (): string => {
    const main = config.cameras['yard']?.streams['main'];
    if (main?.source !== 'pull') throw new Error('yard is not pulled');
    return main.url;
  };

  it('is followed to another address by its serial number, and what changed is told', async () => {
    await place('127.0.0.2');
    const [found] = await search();
    await createAdopter(context()).adopt(found!, {
      name: 'yard',
      login: LOGIN,
      passwordText: false,
      fingerprint: undefined,
      as: 'managed',
      passwordFile: undefined,
      followsDevice: true,
      record: 'continuous',
    });
    const [before] = await search();
    expect(before).toMatchObject({ decision: 'adopted', changes: [], serial: 'S-1' });
    expect(new URL(mainUrl()).hostname).toBe('127.0.0.2');

    await place('127.0.0.3', { firmware: '9.9', clockSkew: 3_600 });
    const [after] = await search();
    const changes = after?.changes.map(({ what, before, after }) => [what, before, after]);
    expect(changes).toContainEqual(['address', '127.0.0.2', '127.0.0.3']);
    expect(changes).toContainEqual(['firmware', before?.firmware, '9.9']);
    expect(changes).toContainEqual([
      'clock',
      expect.any(String),
      expect.stringMatching(/^3(599|600|601) s$/),
    ]);
    expect(mainUrl()).toBe(simulator!.url('yard'));
    const events = await postgres.query<{ label: string }>(
      `SELECT label FROM event WHERE type = 'drift'`,
    );
    expect(new Set(events.map(({ label }) => label))).toEqual(
      new Set(['address', 'firmware', 'clock']),
    );
    expect(await drift()).toBe(3);
    // Told once.
    await search();
    expect(await postgres.query(`SELECT 1 FROM event WHERE type = 'drift'`)).toHaveLength(3);
    await catalog.devices.acceptChanges(after!.id);
    expect((await search())[0]).toMatchObject({ decision: 'adopted', changes: [] });
    expect(await drift()).toBe(0);
  }, 60_000);

  it('is not taken for another device that comes to its address, which gets no login', async () => {
    await place('127.0.0.3', { serial: 'S-2', login: 'token' });
    const devices = await search();
    const other = devices.find(({ decision }) => decision === 'new');
    expect(other).toMatchObject({ addresses: ['127.0.0.3'], camera: undefined, serial: undefined });
    expect(other?.problem).toBe('the device wants a login');
    const yard = devices.find(({ camera }) => camera === 'yard')!;
    expect(yard).toMatchObject({ serial: 'S-1' });
    // Whoever still takes the address for the camera finds out before it logs in.
    const client = createOnvifClients()({
      url: other!.serviceUrls[0]!,
      login: LOGIN,
      endpoint: yard.endpoint,
    });
    expect((await client.read()).problem).toMatch(/another device answers at this address/);
  }, 60_000);
});
