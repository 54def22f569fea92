import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@nightjar/common';
import {
  makeUsernameToken,
  NETWORK_VIDEO_TRANSMITTER,
  parseDiscovery,
  parseEnvelope,
  parseFault,
  printDiscovery,
  printEnvelope,
  xml,
  type DiscoveryMessage,
  type XmlNode,
} from '@nightjar/onvif';
import { DiscoveryResponder } from '@nightjar/onvif-device';
// What it says of itself lacks half of what it has.
import { Cam } from 'onvif/promises/index.js';
import { CameraSimulator, type SimulatorOptions } from '../../apps/camsim/src/simulator.js';
import { freePort } from '../support/free-port.js';

const CREDENTIALS = { username: 'admin', password: 'secret' };

type Personalities = NonNullable<NonNullable<SimulatorOptions['onvif']>['personalities']>;

let ending: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ending.toReversed()) await end();
  ending = [];
});

async function simulate(personality: Personalities[string] = {}): Promise<{
  simulator: CameraSimulator;
  url: URL;
}> {
  const simulator = new CameraSimulator({
    cameras: [
      { name: 'front-door', footage: 'front-door' },
      { name: 'front-sub', footage: 'garden' },
    ],
    credentials: CREDENTIALS,
    onvif: { port: 0, personalities: { 'front-door': { sub: 'front-sub', ...personality } } },
  });
  await simulator.start();
  ending.push(() => simulator.stop());
  return { simulator, url: new URL(simulator.onvif!.urls['front-door']!) };
}

/** The client of the `onvif` package, connected. */
async function connect(url: URL, options: object = {}): Promise<any> {
  const cam = new Cam({
    hostname: url.hostname,
    port: Number(url.port),
    ...CREDENTIALS,
    autoconnect: false,
    timeout: 5000,
    ...options,
  });
  await cam.connect();
  return cam;
}

async function post(url: URL, body: string | Buffer, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    body: body as string,
    headers: { 'Content-Type': 'application/soap+xml', ...headers },
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const call = (name: string, ...headers: XmlNode[]): string =>
  printEnvelope(xml(`tds:${name}`), headers);

describe('simulated cameras, seen by the onvif package', () => {
  it('tell who they are, what they stream and where', async () => {
    const { simulator, url } = await simulate({ ptz: true });
    const cam = await connect(url);
    expect(await cam.getDeviceInformation()).toMatchObject({ model: 'camsim' });
    expect(cam.media2Support).toBe(true);
    expect(cam.profiles.map(({ name }: { name: string }) => name)).toEqual(['main', 'sub']);
    const stream = await cam.getStreamUri({ protocol: 'RTSP', profileToken: 'sub' });
    expect(stream.uri ?? stream).toBe(simulator.url('front-sub'));
  });

  it('are known to clients of Profile S', async () => {
    const { simulator, url } = await simulate({ media2: false });
    const cam = await connect(url);
    expect(cam.media2Support).toBe(false);
    const [profile] = cam.profiles;
    expect(profile.videoEncoderConfiguration).toMatchObject({
      encoding: 'H264',
      resolution: { width: 640, height: 360 },
      H264: { govLength: 50 },
    });
    const stream = await cam.getStreamUri({ protocol: 'RTSP', profileToken: 'main' });
    expect(stream.uri).toBe(simulator.url('front-door'));
    const snapshot = await cam.getSnapshotUri({ profileToken: 'main' });
    expect((await fetch(snapshot.uri)).status).toBe(401);
  });

  it('tell of motion as the topics of their maker have it', async () => {
    const { simulator, url } = await simulate({ topics: 'cell' });
    const cam = await connect(url);
    const heard: string[] = [];
    const moved = new Promise<void>((resolve) => {
      cam.on('event', (message: any) => {
        const { simpleItem } = message.message.message.data;
        heard.push(`${message.topic._} ${simpleItem.$.Name}=${simpleItem.$.Value}`);
        if (simpleItem.$.Name === 'IsMotion' && simpleItem.$.Value === true) resolve();
        else if (heard.length === 3) simulator.onvif!.face('front-door').signal({ motion: true });
      });
    });
    await moved;
    expect(heard.at(-1)).toBe('t:RuleEngine/CellMotionDetector/Motion IsMotion=true');
    cam.removeAllListeners('event');
  });

  it('move', async () => {
    const { url } = await simulate({ ptz: true });
    const cam = await connect(url);
    await cam.absoluteMove({ x: 0.5, y: -0.25, zoom: 0.125 });
    expect((await cam.getStatus({})).position).toEqual({ x: 0.5, y: -0.25, zoom: 0.125 });
    await cam.setPreset({ presetName: 'gate' });
    await cam.absoluteMove({ x: 0, y: 0, zoom: 0 });
    expect(await cam.getPresets()).toMatchObject({ gate: { $: { token: 'preset1' } } });
    await cam.gotoPreset({ preset: 'preset1' });
    expect((await cam.getStatus({})).position.x).toBe(0.5);
    await expect(cam.absoluteMove({ x: 3, y: 0 })).rejects.toThrow('outside');
  });

  it.each<[string, Personalities[string], object, string | undefined]>([
    ['by Digest', { login: 'digest' }, {}, undefined],
    ['by tokens alone', { login: 'token' }, {}, undefined],
    ['by tokens with a wrong clock', { login: 'token', clockSkew: -7200 }, {}, undefined],
    ['never with a wrong password', { login: 'digest' }, { password: 'x' }, 'failed'],
    ['never with a wrong token', { login: 'token' }, { password: 'x' }, 'refused'],
  ])('let clients in %s', async (_name, personality, options, refusal) => {
    const { url } = await simulate(personality);
    const cam = await connect(url, options);
    const asked = cam.getDeviceInformation();
    if (refusal === undefined) await expect(asked).resolves.toMatchObject({ model: 'camsim' });
    else await expect(asked).rejects.toThrow(refusal);
  });
});

describe('logins of simulated cameras', () => {
  const login = (createdMs: number, password = 'secret'): string =>
    call('GetScopes', makeUsernameToken({ username: 'admin', password, createdMs }));

  it('are by the clock of the camera', async () => {
    const { url } = await simulate({ clockSkew: 3600 });
    const now = Date.now();
    expect((await post(url, login(now))).status).toBe(400);
    expect((await post(url, login(now + 3_600_000))).status).toBe(200);
    const { text } = await post(url, call('GetSystemDateAndTime'));
    const time = parseEnvelope(Buffer.from(text)).body.at(
      'SystemDateAndTime',
      'UTCDateTime',
      'Time',
    );
    expect(time?.textAt('Hour')).toBe(String(new Date(now + 3_600_000).getUTCHours()));
  });

  it('lock everybody out after so many wrong ones', async () => {
    const { url } = await simulate({ lockOutAfter: 2 });
    const now = Date.now();
    await post(url, login(now, 'x'));
    expect((await post(url, login(now))).status).toBe(200);
    await post(url, login(now, 'x'));
    await post(url, login(now, 'y'));
    const { status, text } = await post(url, login(now));
    expect([status, parseFault(Buffer.from(text))?.reason]).toEqual([401, 'locked out']);
  });

  it('are asked for with both algorithms of Digest, and by tokens alone with a fault', async () => {
    const { url } = await simulate();
    const { status, headers } = await post(url, call('GetScopes'));
    expect([status, headers.get('WWW-Authenticate')]).toEqual([
      401,
      expect.stringMatching(/algorithm=SHA-256.*algorithm=MD5/),
    ]);
    const tokens = await simulate({ login: 'token' });
    expect((await post(tokens.url, call('GetScopes'))).status).toBe(400);
  });
});

describe('HTTP of simulated cameras', () => {
  it('refuses what is no SOAP before it reads it', async () => {
    const { url } = await simulate();
    expect((await fetch(url)).status).toBe(405);
    expect((await post(url, '{}', { 'Content-Type': 'application/json' })).status).toBe(415);
    expect((await post(url, 'x', { 'Content-Encoding': 'gzip' })).status).toBe(415);
    expect((await post(url, Buffer.alloc(100_000))).status).toBe(413);
    const bomb = `<!DOCTYPE a [<!ENTITY b "c">]>${call('GetHostname').slice(38)}`;
    expect((await post(url, bomb)).text).toContain('ter:WellFormed');
  });

  it('says the wrong address where the camera believes in one', async () => {
    const { url } = await simulate({ wrongXAddr: '192.0.2.7:8000' });
    const { text } = await post(url, call('GetServices'));
    expect(text).toContain('<tds:XAddr>http://192.0.2.7:8000/onvif/media_service</tds:XAddr>');
    expect(text).not.toContain(url.host);
  });
});

describe('WS-Discovery', () => {
  const endpoint = {
    address: 'urn:uuid:1',
    types: [NETWORK_VIDEO_TRANSMITTER],
    scopes: [],
    xAddrs: ['http://127.0.0.1/'],
    metadataVersion: 1,
  };

  interface Asking {
    readonly ask: (message: DiscoveryMessage | Buffer) => void;
    readonly next: () => Promise<DiscoveryMessage>;
    readonly heard: () => number;
  }

  async function respond(): Promise<Asking & { readonly another: () => Promise<Asking> }> {
    const port = await freePort();
    const responder = new DiscoveryResponder({
      port,
      interfaces: ['lo'],
      clock: systemClock,
      random: () => 0,
      endpoints: ({ address }) => (address === '127.0.0.1' ? [endpoint] : []),
    });
    await responder.start();
    ending.push(() => responder.stop());
    return { ...(await asking(port)), another: () => asking(port) };
  }

  async function asking(port: number): Promise<Asking> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    ending.push(() => void socket.close());
    const answers: Buffer[] = [];
    let count = 0;
    let woken: () => void = () => undefined;
    socket.on('message', (datagram) => {
      count += 1;
      answers.push(datagram);
      woken();
    });
    return {
      ask: (message) =>
        socket.send(
          Buffer.isBuffer(message) ? message : printDiscovery(message),
          port,
          '127.0.0.1',
        ),
      heard: () => count,
      next: async () => {
        while (answers.length === 0)
          await new Promise<void>((resolve) => {
            woken = resolve;
          });
        return parseDiscovery(answers.shift()!);
      },
    };
  }

  it('answers what it is asked, once, and nothing else', async () => {
    const { ask, next, heard } = await respond();
    const probe = { kind: 'probe', messageId: 'urn:uuid:a', types: [], scopes: [] } as const;
    ask(Buffer.from('no XML'));
    ask({ ...probe, messageId: 'urn:uuid:b', types: [{ namespace: 'urn:x', name: 'Printer' }] });
    ask(probe);
    ask(probe);
    ask({ kind: 'resolve', messageId: 'urn:uuid:c', address: 'urn:uuid:other' });
    ask({ kind: 'resolve', messageId: 'urn:uuid:d', address: 'urn:uuid:1' });
    expect(await next()).toMatchObject({
      kind: 'probe-matches',
      relatesTo: 'urn:uuid:a',
      matches: [endpoint],
    });
    expect(await next()).toMatchObject({ kind: 'resolve-matches', relatesTo: 'urn:uuid:d' });
    expect(heard()).toBe(2);
  });

  it('answers each of two clients that give their questions one name', async () => {
    const { ask, next, another } = await respond();
    const second = await another();
    const probe = { kind: 'probe', messageId: 'urn:uuid:a', types: [], scopes: [] } as const;
    ask(probe);
    await next();
    second.ask(probe);
    expect(await second.next()).toMatchObject({ relatesTo: 'urn:uuid:a', matches: [endpoint] });
  });

  it('answers one address so often and no more', async () => {
    const { ask, next, heard } = await respond();
    const probe = (n: number): DiscoveryMessage => ({
      kind: 'probe',
      messageId: `urn:uuid:${n}`,
      types: [],
      scopes: [],
    });
    for (let n = 0; n < 100; n += 1) ask(probe(n));
    for (let n = 0; n < 8; n += 1) await next();
    // What the kernel delivered before this one was heard before it; at most a second's worth came back.
    expect(heard()).toBeLessThan(12);
  });
});
