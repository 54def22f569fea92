import { afterEach, describe, expect, it } from '@jest/globals';
import type { Device } from '@nightjar/catalog';
import { systemClock } from '@nightjar/common';
import { parseConfig } from '@nightjar/config';
import { CameraControl, createOnvifClients } from '@nightjar/discovery';
// What it says of itself lacks half of what it has.
import { Cam } from 'onvif/promises/index.js';
import { CameraSimulator } from '../../apps/camsim/src/simulator.js';

const LOGIN = { username: 'admin', password: 'secret' };

describe('a camera that moves', () => {
  let simulator: CameraSimulator;
  afterEach(() => simulator.stop());

  async function control(ptz: boolean): Promise<CameraControl> {
    simulator = new CameraSimulator({
      cameras: [{ name: 'yard', footage: 'garden' }],
      credentials: LOGIN,
      onvif: { port: 0, personalities: { yard: { ptz } } },
    });
    await simulator.start();
    const url = simulator.onvif!.urls['yard']!;
    const open = createOnvifClients(systemClock);
    const endpoint = (await open({ url }).identify())!;
    const { reading } = await open({ url, login: LOGIN }).read();
    const device = {
      id: 1,
      endpoint,
      ...reading,
      serviceUrls: [url],
      addresses: ['127.0.0.1'],
      lastSeenMs: 1,
    };
    const file = {
      version: 1,
      cameras: {
        yard: {
          streams: { main: simulator.url('yard') },
          credentials: { username: LOGIN.username, passwordEnv: 'PW' },
          onvif: { device: endpoint },
        },
        other: { streams: { main: 'rtsp://10.0.0.1/x' } },
      },
    };
    const { config } = await parseConfig(JSON.stringify(file), 'n.yaml', { PW: LOGIN.password });
    return new CameraControl({
      devices: { list: () => Promise.resolve([device as unknown as Device]) },
      open,
      config: () => config,
    });
  }

  /** As the client of the package sees it. */
  async function position(): Promise<{ x: number; y: number; zoom: number }> {
    const { hostname, port } = new URL(simulator.onvif!.urls['yard']!);
    const cam: any = new Cam({ hostname, port: Number(port), ...LOGIN, autoconnect: false });
    await cam.connect();
    return (await cam.getStatus({})).position;
  }

  it('goes, stops, keeps positions and comes back to them, one command after the other', async () => {
    const camera = await control(true);
    await camera.move('yard', { action: 'save-preset', preset: 'gate <"&> 1' });
    await camera.move('yard', { action: 'move', pan: 1, tilt: -0.5, zoom: 0, forMs: 60_000 });
    await camera.move('yard', { action: 'move', pan: 0, tilt: 0, zoom: 0.5, forMs: 60_000 });
    await camera.move('yard', { action: 'stop' });
    const { x, y, zoom } = await position();
    expect([x, -y, zoom].every((one) => one > 0)).toBe(true);
    expect(await position()).toEqual({ x, y, zoom });
    await camera.move('yard', { action: 'go-to-preset', preset: 'gate <"&> 1' });
    expect(await position()).toEqual({ x: 0, y: 0, zoom: 0 });
    expect(await camera.presets('yard')).toMatchObject([{ name: 'gate <"&> 1' }]);
    // Again under its name is the same one.
    await camera.move('yard', { action: 'save-preset', preset: 'gate <"&> 1' });
    expect(await camera.presets('yard')).toHaveLength(1);
    await camera.move('yard', { action: 'set-home' });
    await camera.move('yard', { action: 'home' });
    await camera.move('yard', { action: 'remove-preset', preset: 'gate <"&> 1' });
    expect(await camera.presets('yard')).toEqual([]);
    await expect(
      camera.move('yard', { action: 'go-to-preset', preset: 'gate' }),
    ).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('takes so many commands at once and no more, in order', async () => {
    const camera = await control(true);
    const done: number[] = [];
    const all = Array.from({ length: 10 }, (_, index) =>
      camera.move('yard', { action: 'stop' }).then(() => done.push(index)),
    );
    const outcomes = await Promise.allSettled(all);
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(outcomes[9]).toMatchObject({ status: 'rejected', reason: { kind: 'exhausted' } });
    await camera.move('yard', { action: 'stop' });
  });

  it('takes a picture', async () => {
    const { jpeg } = await (await control(false)).snapshot('yard');
    expect(jpeg.subarray(0, 3).toString('hex')).toBe('ffd8ff');
  });

  it('is told from one that does not, and from one that is no device', async () => {
    const camera = await control(false);
    await expect(camera.move('yard', { action: 'stop' })).rejects.toMatchObject({
      code: 'discovery/no-ptz',
    });
    await expect(camera.move('other', { action: 'stop' })).rejects.toMatchObject({
      kind: 'not-found',
    });
  });
});
