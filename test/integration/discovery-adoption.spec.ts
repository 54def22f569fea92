import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Catalog, type Device } from '@nightjar/catalog';
import { systemClock } from '@nightjar/common';
import { ConfigWatcher, loadConfig, type NightjarConfig } from '@nightjar/config';
import {
  Adopter,
  createAdopter,
  createDiscovery,
  createOnvifClients,
  type AdoptionRequest,
} from '@nightjar/discovery';
import { awaitKeyframe } from '../../libs/discovery/src/adoption/await-keyframe.js';
import { CameraSimulator, type SimulatorOptions } from '../../apps/camsim/src/simulator.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

const LOGIN = { username: 'admin', password: 's3cret:<&' };

type Personality = NonNullable<NonNullable<SimulatorOptions['onvif']>['personalities']>[string];

const REQUEST: AdoptionRequest = {
  name: 'yard',
  login: LOGIN,
  passwordText: false,
  fingerprint: undefined,
  as: 'managed',
  passwordFile: undefined,
  followsDevice: false,
  record: undefined,
};

describe('a device becomes a camera', () => {
  let postgres: TestPostgres;
  let catalog: Catalog;
  let folder: string;
  let simulator: CameraSimulator;
  let config: NightjarConfig;

  beforeAll(async () => {
    postgres = await startPostgres();
    catalog = new Catalog(postgres.url, { unavailable: () => undefined });
    await catalog.connect();
  });
  afterAll(async () => {
    await catalog.close();
    await postgres.remove();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nightjar-adopt-'));
  });
  afterEach(async () => {
    await simulator.stop();
    await rm(folder, { recursive: true });
    await postgres.query('DELETE FROM device');
  });

  async function load(text = ''): Promise<NightjarConfig> {
    const file = join(folder, 'nightjar.yaml');
    await writeFile(file, `version: 1\ndataDir: ${folder}\n${text}`);
    return (await loadConfig(file, {})).config;
  }

  /** A simulated camera, found by its declared address. */
  async function find(
    personality: Personality = {},
    tls = false,
  ): Promise<{ device: Device; url: string }> {
    simulator = new CameraSimulator({
      cameras: [
        { name: 'front-door', footage: 'garden' },
        { name: 'front-sub', footage: 'front-door' },
      ],
      credentials: LOGIN,
      tls,
      onvif: { port: 0, personalities: { 'front-door': { sub: 'front-sub', ...personality } } },
    });
    await simulator.start();
    const url = simulator.onvif!.urls['front-door']!;
    config = await load(`discovery: { mode: unicast, hosts: ['${url}'] }\n`);
    expect(await createDiscovery(context()).search()).toMatchObject({ found: 1, failed: [] });
    return { device: (await catalog.devices.list())[0]!, url };
  }

  const context = () => ({
    catalog,
    open: createOnvifClients(systemClock),
    config: () => config,
    clock: systemClock,
    log: { info: () => undefined, warn: () => undefined, debug: () => undefined },
  });
  const adopt = (device: Device, request: Partial<AdoptionRequest> = {}) =>
    createAdopter(context()).adopt(device, { ...REQUEST, ...request });

  it.each<[string, Personality]>([
    ['any login', {}],
    ['HTTP Digest alone', { login: 'digest' }],
    [
      'UsernameToken alone, with a clock that is a day behind',
      { login: 'token', clockSkew: -86_400 },
    ],
    ['Media alone', { media2: false }],
    ['addresses that are wrong', { wrongXAddr: '192.0.2.7:99' }],
    [
      'an account that is locked at the second failure',
      { lockOutAfter: 2, login: 'token', clockSkew: 7_200 },
    ],
  ])(
    'with %s',
    async (_name, personality) => {
      const { device } = await find(personality);
      expect(device).toMatchObject({
        decision: 'new',
        camera: undefined,
        addresses: ['127.0.0.1'],
      });
      const adoption = await adopt(device, { record: 'continuous' });
      expect(adoption).toMatchObject({ camera: 'yard', managed: true, streams: ['main', 'sub'] });
      const { cameras } = await load();
      expect(cameras['yard']).toMatchObject({
        managed: true,
        credentials: LOGIN,
        record: [{ stream: 'main', mode: 'continuous' }],
        onvif: { device: device.endpoint, address: 'fixed' },
      });
      const port = new URL(simulator.url('front-door')).port;
      expect(cameras['yard']?.streams).toMatchObject({
        main: {
          url: expect.stringMatching(new RegExp(`^rtsp://127\\.0\\.0\\.1:${port}/front-door`)),
        },
        sub: {
          url: expect.stringMatching(new RegExp(`^rtsp://127\\.0\\.0\\.1:${port}/front-sub`)),
        },
      });
      const secret = join(folder, 'secrets', 'cameras', 'yard');
      expect((await stat(secret)).mode & 0o777).toBe(0o600);
      expect(await readFile(join(folder, 'managed.json'), 'utf8')).not.toContain(LOGIN.password);
      expect(await catalog.devices.ofCamera('yard')).toMatchObject({
        decision: 'adopted',
        make: expect.any(String),
        profiles: [expect.objectContaining({ codec: 'H264' }), expect.anything()],
      });
    },
    60_000,
  );

  it('that is declared prints an entry that loads, and keeps nothing', async () => {
    const { device } = await find();
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, LOGIN.password);
    const { yaml } = await adopt(device, { as: 'declared', passwordFile, followsDevice: true });
    await expect(stat(join(folder, 'managed.json'))).rejects.toThrow('ENOENT');
    const { cameras } = await load(yaml);
    expect(cameras['yard']).toMatchObject({
      credentials: LOGIN,
      onvif: { device: device.serial ?? expect.any(String), address: 'by-serial' },
    });
    expect(cameras['yard']?.managed).toBeUndefined();
  }, 60_000);

  it('by TLS with a certificate that nobody vouches for, once that is named', async () => {
    const { device } = await find({}, true);
    const shown = /([0-9A-F]{2}:){31}[0-9A-F]{2}/.exec(device.problem ?? '')?.[0] ?? '';
    expect(device).toMatchObject({ profiles: [], problem: expect.stringMatching(/not trusted/) });
    const untrusted = { kind: 'invalid', code: 'discovery/untrusted' };
    await expect(adopt(device)).rejects.toMatchObject({
      ...untrusted,
      message: expect.stringContaining(shown),
    });
    const other = 'ab'.repeat(32);
    await expect(adopt(device, { fingerprint: other })).rejects.toMatchObject(untrusted);
    await adopt(device, { fingerprint: shown });
    config = await load();
    expect(config.cameras['yard']).toMatchObject({
      tls: { fingerprint: shown, insecure: false },
      streams: { main: { url: expect.stringMatching(/^rtsps:/) } },
    });
    // From now on it is read.
    await createDiscovery(context()).search();
    expect(await catalog.devices.ofCamera('yard')).toMatchObject({
      problem: undefined,
      profiles: [{ codec: 'H264' }, { codec: 'H264' }],
    });
  }, 60_000);

  it('not with a wrong login, and is asked once', async () => {
    const { device } = await find({ lockOutAfter: 2 });
    const login = { ...LOGIN, password: 'wrong' };
    await expect(adopt(device, { login })).rejects.toMatchObject({ kind: 'invalid' });
    // One failure is left before the camera locks the account.
    await adopt(device);
    expect(await catalog.devices.ofCamera('yard')).toMatchObject({ decision: 'adopted' });
  }, 60_000);

  it('not when its stream brings no keyframe', async () => {
    const { device } = await find();
    simulator.camera('front-door').inject({ stall: 600 });
    const adopter = new Adopter({
      ...context(),
      devices: catalog.devices,
      awaitKeyframe: (stream) => awaitKeyframe(stream, systemClock, 1_000),
    });
    await expect(adopter.adopt(device, REQUEST)).rejects.toThrow(/nothing came within 1 s/);
    expect(await catalog.devices.get(device.id)).toMatchObject({ decision: 'new' });
    await expect(stat(join(folder, 'managed.json'))).rejects.toThrow('ENOENT');
  }, 60_000);

  it.each(['Yard', 'playback', '', '../x', 'yard; rm'])('not as "%s"', async (name) => {
    const { device } = await find();
    await expect(adopt(device, { name })).rejects.toMatchObject({ code: 'discovery/name' });
  });

  it('while others hear of it at once, and the file goes before it', async () => {
    const { device } = await find();
    const file = join(folder, 'nightjar.yaml');
    config = await load();
    const watcher = new ConfigWatcher({ file, config, environment: {} });
    await watcher.start();
    try {
      const changed = new Promise<NightjarConfig>((resolve) =>
        watcher.once('changed', ({ config }) => resolve(config)),
      );
      await adopt(device);
      expect(Object.keys((await changed).cameras)).toEqual(['yard']);
      const declared = await load(
        `cameras: { yard: { streams: { main: 'rtsp://10.0.0.9/x' } } }\n`,
      );
      expect(declared.cameras['yard']).toMatchObject({
        streams: { main: { url: 'rtsp://10.0.0.9/x' } },
        credentials: undefined,
      });
    } finally {
      watcher.stop();
    }
  }, 60_000);
});
