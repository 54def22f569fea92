import { afterEach, describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import { ClientAuthorizer, parseChallenges, parseSdp } from '@nightjar/rtsp';
import { ControlServer } from './control-server.js';
import { readFrameStamp } from './frame-stamp.js';
import type { FrameStamp } from './frame-stamp.js';
import { CameraSimulator } from './simulator.js';
import type { SimulatorOptions } from './simulator.js';
import { RtspClient } from './test-support/rtsp-client.js';

const CAMERAS = [
  { name: 'front-door', footage: 'front-door' },
  { name: 'bench', footage: 'synthetic' },
];

describe('CameraSimulator', () => {
  const undo: (() => unknown)[] = [];

  afterEach(async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  });

  async function start(options: Partial<SimulatorOptions> = {}): Promise<CameraSimulator> {
    const simulator = new CameraSimulator({ cameras: CAMERAS, ...options });
    await simulator.start();
    undo.push(() => simulator.stop());
    return simulator;
  }

  async function connectTo(url: string): Promise<RtspClient> {
    const client = await RtspClient.open(url);
    undo.push(() => client.close());
    return client;
  }

  it('describes the tracks of a clip, and nothing under another name', async () => {
    const simulator = await start();
    const url = simulator.url('front-door');
    const client = await connectTo(url);
    const { body } = await client.ask('DESCRIBE', url);
    const { tracks } = parseSdp(body.toString());
    expect(tracks.map(({ format }) => format.codec)).toEqual(['h264', 'aac']);
    expect((await client.ask('DESCRIBE', `${simulator.baseUrl}/attic`)).status).toBe(404);
  });

  it('plays at once, a stamp in each frame of a synthetic camera', async () => {
    const simulator = await start();
    const url = simulator.url('bench');
    const client = await connectTo(url);
    await client.play(url);
    let stamp: FrameStamp | undefined;
    while (stamp === undefined) {
      const arrival = await client.next();
      if (arrival !== undefined && 'packet' in arrival) stamp = readFrameStamp(arrival.packet);
    }
    const { frame, sentNs } = stamp;
    expect(frame).toBe(1);
    expect(process.hrtime.bigint() - sentNs).toBeLessThan(1_000_000_000n);
    expect(simulator.camera('bench').status).toMatchObject({ sessions: 1, playing: 1 });
  });

  it('lets in who knows the password, unless the camera is to deny it', async () => {
    const credentials = { username: 'admin', password: 'secret' };
    const simulator = await start({ credentials });
    const url = simulator.url('bench');
    const client = await connectTo(url);
    const challenged = await client.ask('DESCRIBE', url);
    expect(challenged.status).toBe(401);
    const challenges = parseChallenges(challenged.headers.getAll('WWW-Authenticate'));
    const login = async (password: string): Promise<number> => {
      const authorizer = new ClientAuthorizer({ ...credentials, password });
      authorizer.challenged(challenges);
      const authorization = authorizer.authorization('DESCRIBE', url)!;
      return (await client.ask('DESCRIBE', url, { Authorization: authorization })).status;
    };
    expect(await login('guess')).toBe(401);
    expect(await login('secret')).toBe(200);
    simulator.camera('bench').inject({ wrongPassword: true });
    expect(await login('secret')).toBe(401);
  });

  it('answers 503 for a camera that refuses, after ending its sessions, and serves the others', async () => {
    const simulator = await start();
    const url = simulator.url('bench');
    const client = await connectTo(url);
    await client.play(url);
    simulator.camera('bench').inject({ refuse: true });
    await client.untilClosed();
    const again = await connectTo(url);
    expect((await again.ask('DESCRIBE', url)).status).toBe(503);
    expect((await again.ask('DESCRIBE', simulator.url('front-door'))).status).toBe(200);
    simulator.camera('bench').clearFaults();
    expect((await again.ask('DESCRIBE', url)).status).toBe(200);
    expect(simulator.camera('bench').status.sessions).toBe(0);
  });

  it('refuses the connection to a camera that is down and has a port of its own', async () => {
    const simulator = await start({ ownPorts: true });
    const url = simulator.url('bench');
    const client = await connectTo(url);
    await client.play(url);
    simulator.camera('bench').inject({ reboot: 3600 });
    await client.untilClosed();
    await expect(RtspClient.open(url)).rejects.toThrow('ECONNREFUSED');
    await connectTo(simulator.url('front-door'));
  });

  it('refuses to start with a camera that cannot be made', () => {
    for (const cameras of [
      [{ name: 'Front Door', footage: 'garden' }],
      [CAMERAS[0]!, CAMERAS[0]!],
      [{ name: 'attic', footage: 'attic' }],
    ]) {
      expect(() => new CameraSimulator({ cameras })).toThrow(NightjarError);
    }
  });

  it('is told its faults and asked for its state by HTTP', async () => {
    const simulator = await start();
    const control = new ControlServer(simulator, '127.0.0.1', 0);
    await control.start();
    undo.push(() => control.stop());
    const call = async (
      method: string,
      path: string,
      body?: unknown,
    ): Promise<[number, unknown]> => {
      const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
      const response = await fetch(control.url + path, init);
      return [response.status, await response.json()];
    };
    const all = await call('GET', '/cameras');
    expect(all).toEqual([200, simulator.statuses]);
    const faults = { loss: 0.5, transport: 'tcp-only' };
    expect(await call('POST', '/cameras/bench/faults', faults)).toMatchObject([200, { faults }]);
    expect(await call('GET', '/cameras/bench')).toMatchObject([200, { name: 'bench', faults }]);
    expect(await call('DELETE', '/cameras/bench/faults')).toMatchObject([200, { faults: {} }]);
    expect(await call('POST', '/cameras/bench/faults', { loss: 7 })).toMatchObject([400, {}]);
    expect(await call('POST', '/cameras/attic/faults', {})).toMatchObject([404, {}]);
    expect(await call('PUT', '/cameras/bench', {})).toMatchObject([400, {}]);
  });
});
