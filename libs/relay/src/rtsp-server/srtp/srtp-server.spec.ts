import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  SrtpReceiver,
  SrtpSender,
  createMasterKey,
  encodeReceiverReport,
  type SrtpMasterKey,
} from '@nightjar/rtp';
import {
  createMikey,
  encodeInterleaved,
  parseKeyMgmtAttribute,
  parseMikeyParameter,
  printMikeyParameter,
  type RtspResponse,
} from '@nightjar/rtsp';
import type { TestClient } from '../testing/test-client.js';
import {
  Fixture,
  keyMgmt,
  keysOf,
  play,
  rtp,
  SAVP_TCP,
  setup,
  SSRC,
  TestMount,
  told,
  URL,
} from './testing/srtp-fixture.js';

describe('SRTP', () => {
  let fixture: Fixture;
  let secure: TestClient;
  let plain: TestClient;

  beforeEach(async () => {
    fixture = new Fixture(true);
    await fixture.open();
    [secure, plain] = [await fixture.client(true), await fixture.client(false)];
  });

  afterEach(() => fixture.close());

  /** The next frame, decrypted; undefined when it is refused. */
  async function frame(client: TestClient, receiver: SrtpReceiver): Promise<Buffer | undefined> {
    const next = await client.next();
    if (!('bytes' in next)) throw new Error('no frame');
    const length = receiver.rtp(next.bytes, 0, next.bytes.length);
    return length === 0 ? undefined : next.bytes.subarray(0, length);
  }

  it('is described to those who come by TLS, with the key; nobody else learns it', async () => {
    const { body } = await secure.ask('DESCRIBE', URL);
    expect(body.toString()).toContain('m=audio 0 RTP/SAVP 0');
    expect(await told(secure)).toMatchObject({ sessions: [{ ssrc: SSRC, roc: 0 }] });
    const open = await plain.ask('DESCRIBE', URL);
    expect(open.body.toString()).toContain('m=audio 0 RTP/AVP 0');
    expect(open.body.toString()).not.toContain('key-mgmt');
  });

  it.each([
    ['SRTP without TLS', false, SAVP_TCP, 461],
    ['SRTP without TLS over UDP', false, 'RTP/SAVP;unicast;client_port=5000-5001', 461],
    ['open UDP where control is inside TLS', true, 'RTP/AVP;unicast;client_port=5000-5001', 461],
    ['open media inside TLS', true, 'RTP/AVP/TCP;unicast;interleaved=0-1', 200],
    ['open media without TLS', false, 'RTP/AVP/TCP;unicast;interleaved=0-1', 200],
    ['SRTP by UDP', true, 'RTP/SAVP/UDP;unicast;client_port=5000-5001', 200],
    ['SRTP with feedback', true, 'RTP/SAVPF/TCP;unicast;interleaved=0-1', 200],
  ])('%s', async (_, tls, transport, status) => {
    const answer = await setup(tls ? secure : plain, {}, transport);
    expect(answer.status).toBe(status);
    const keyed = status === 200 && transport.includes('SAVP');
    expect(answer.headers.has('KeyMgmt')).toBe(keyed);
  });

  it('is played with the key that DESCRIBE told, each packet under its SSRC', async () => {
    const key = (await told(secure))!.key;
    const answer = await setup(secure, {});
    expect(answer.headers.get('Transport')).toBe(
      'RTP/SAVP/TCP;unicast;interleaved=0-1;ssrc=CAFEBABE',
    );
    expect(keysOf(answer).key).toEqual(key);
    await play(secure, answer);
    fixture.mount.send(1);
    expect(await frame(secure, new SrtpReceiver(key))).toEqual(rtp(1));
  });

  it('goes without key identifiers to a client whose own key has none', async () => {
    const key = (await told(secure))!.key;
    const own = { ...createMasterKey(), mki: Buffer.alloc(0) };
    const answer = await setup(secure, keyMgmt(createMikey(own, [{ ssrc: 7, roc: 0 }])));
    const bare = keysOf(answer).key;
    expect(bare).toEqual({ ...key, mki: Buffer.alloc(0) });
    await play(secure, answer);
    fixture.mount.send(1);
    expect(await frame(secure, new SrtpReceiver(bare))).toEqual(rtp(1));
  });

  it('takes our own key back as what it is', async () => {
    const message = (await told(secure))!;
    const answer = await setup(secure, keyMgmt(message));
    expect(keysOf(answer).key).toEqual(message.key);
  });

  it('is sent under the key of a client that chose one, others keep theirs', async () => {
    const chosen = createMasterKey();
    const other = await fixture.client(true);
    const answer = await setup(secure, keyMgmt(createMikey(chosen, [])));
    const shared = await setup(other, {});
    expect(keysOf(answer).key).toEqual(chosen);
    await play(secure, answer);
    await play(other, shared);
    fixture.mount.send(1);
    expect(await frame(secure, new SrtpReceiver(chosen))).toEqual(rtp(1));
    expect(await frame(other, new SrtpReceiver(keysOf(shared).key))).toEqual(rtp(1));
  });

  it.each([
    ['the key that its client told', true],
    ['the key of the stream', false],
  ])('hands to the mount what comes under %s, and nothing else', async (_, own) => {
    const key = { ...createMasterKey(), mki: Buffer.alloc(0) };
    const answer = await setup(secure, own ? keyMgmt(createMikey(key, [])) : {});
    await play(secure, answer);
    const sender = new SrtpSender(own ? key : keysOf(answer).key);
    const out = Buffer.alloc(rtp(1).length + sender.rtpOverheadBytes);
    sender.rtp(rtp(1), 0, rtp(1).length, out, 0);
    const report = encodeReceiverReport({ ssrc: 7, cname: 'x', reports: [] });
    const frames = [
      [0, rtp(2)],
      [0, out],
      [1, sender.rtcp(report)],
      [1, report],
    ] as const;
    secure.socket.write(Buffer.concat(frames.map(([on, bytes]) => encodeInterleaved(on, bytes))));
    await secure.ask('OPTIONS', '*');
    expect(fixture.mount.received).toEqual([rtp(1), report]);
  });

  it.each([
    ['what is no base64', 'prot=mikey;uri="";data="%%%"'],
    ['a message cut short', 'prot=mikey;uri="";data="AQAFAA=="'],
  ])('answers 463 to %s for a key', async (_, value) => {
    expect((await setup(secure, { KeyMgmt: value })).status).toBe(463);
    const after = await setup(secure, {});
    expect(after.status).toBe(200);
  });

  describe('of a playing session', () => {
    let session: string;
    let receiver: SrtpReceiver;

    beforeEach(async () => {
      const answer = await setup(secure, {});
      receiver = new SrtpReceiver(keysOf(answer).key);
      session = await play(secure, answer);
    });

    const parameter = (client: TestClient, method: string, body: string): Promise<RtspResponse> =>
      client.ask(method, URL, { Session: session, 'Content-Type': 'text/parameters' }, body);

    it('tells its keys and how far it is to who asks through TLS', async () => {
      for (const sequence of [40_000, 65_535, 5]) fixture.mount.send(sequence);
      for (let i = 0; i < 3; i++) await frame(secure, receiver);
      const answer = await parameter(secure, 'GET_PARAMETER', 'mikey\r\n');
      expect(answer.status).toBe(200);
      expect(parseMikeyParameter(answer.body)?.sessions).toEqual([
        { policy: 0, ssrc: SSRC, roc: 1 },
      ]);
      expect((await parameter(plain, 'GET_PARAMETER', 'mikey\r\n')).status).toBe(454);
    });

    it('goes on under another key when its client wants that', async () => {
      const next = createMasterKey();
      fixture.mount.send(1);
      expect(await frame(secure, receiver)).toEqual(rtp(1));
      const body = printMikeyParameter(createMikey(next, []), 0 as never).toString();
      expect((await parameter(plain, 'SET_PARAMETER', body)).status).toBe(454);
      expect((await parameter(secure, 'SET_PARAMETER', body)).status).toBe(200);
      receiver.rekey(next);
      fixture.mount.send(2);
      expect(await frame(secure, receiver)).toEqual(rtp(2));
      const answer = await parameter(secure, 'GET_PARAMETER', 'mikey');
      expect(parseMikeyParameter(answer.body)?.key).toEqual(next);
    });

    it('refuses a key that is none, and goes on as before', async () => {
      expect((await parameter(secure, 'SET_PARAMETER', 'mikey: AAAA')).status).toBe(463);
      fixture.mount.send(1);
      expect(await frame(secure, receiver)).toEqual(rtp(1));
    });

    it('says goodbye in a packet that only its client can read', async () => {
      fixture.mount.send(1);
      await frame(secure, receiver);
      fixture.mount.outputs[0]!.end();
      const bye = await secure.next();
      if (!('bytes' in bye)) throw new Error('no frame');
      expect(bye.channel).toBe(1);
      const length = receiver.rtcp(bye.bytes, 0, bye.bytes.length);
      expect(bye.bytes.subarray(0, length).readUInt8(1)).toBe(201);
      expect(length).toBeGreaterThan(0);
    });
  });

  describe('over UDP', () => {
    let sockets: UdpSocket[];

    beforeEach(() => {
      sockets = [];
    });

    afterEach(() => {
      for (const socket of sockets) socket.close();
    });

    async function udp(): Promise<UdpSocket> {
      const socket = createSocket('udp4');
      sockets.push(socket);
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      return socket;
    }

    async function playing(client: SrtpMasterKey): Promise<[UdpSocket, number, UdpSocket]> {
      const [media, control] = [await udp(), await udp()];
      const ports = `${media.address().port}-${control.address().port}`;
      const transport = `RTP/SAVP;unicast;client_port=${ports}`;
      const answer = await setup(secure, keyMgmt(createMikey(client, [])), transport);
      expect(answer.status).toBe(200);
      await play(secure, answer);
      const arrived = once(media, 'message');
      fixture.mount.send(1);
      const [packet] = (await arrived) as [Buffer];
      const receiver = new SrtpReceiver(keysOf(answer).key);
      expect(packet.subarray(0, receiver.rtp(packet, 0, packet.length))).toEqual(rtp(1));
      const to = Number(/server_port=\d+-(\d+)/.exec(answer.headers.get('Transport')!)?.[1]);
      return [control, to, media];
    }

    it('lives on the reports of its client alone', async () => {
      const own = { ...createMasterKey(), mki: Buffer.alloc(0) };
      const [control, port, media] = await playing(own);
      // Who says nothing at all is not kept for so long.
      await plain.ask('OPTIONS', '*');
      const report = encodeReceiverReport({ ssrc: 7, cname: 'x', reports: [] });
      const send = async (packet: Buffer, from = control, to = port): Promise<void> => {
        await new Promise((resolve) => from.send(packet, to, '127.0.0.1', resolve));
        // What was sent before it is read before it: a request takes longer than a datagram on loopback.
        await plain.ask('OPTIONS', '*');
      };
      const sender = new SrtpSender(own);
      fixture.clock.advance(60_000);
      await send(sender.rtcp(report));
      fixture.clock.advance(60_000);
      await send(report);
      await send(new SrtpSender(createMasterKey()).rtcp(report));
      await send(rtp(1), media, port - 1);
      expect(fixture.server.countSessions('udp')).toBe(1);
      fixture.clock.advance(15_000);
      expect(fixture.server.countSessions('udp')).toBe(0);
    });
  });
});

it('SRTP is not offered where it is turned off', async () => {
  const fixture = new Fixture(false);
  await fixture.open();
  const client = await fixture.client(true);
  const { body } = await client.ask('DESCRIBE', URL);
  expect(body.toString()).toContain('RTP/AVP 0');
  const answer = await client.ask('SETUP', `${URL}/trackID=0`, { Transport: SAVP_TCP });
  expect(answer.status).toBe(461);
  await fixture.close();
});

it('a recording is played by SRTP under a key for one session, with the SSRC of that', async () => {
  const mount = new TestMount('playback');
  const fixture = new Fixture(true, mount);
  await fixture.open();
  const clients = [await fixture.client(true), await fixture.client(true)];
  const keys: SrtpMasterKey[] = [];
  for (const [i, client] of clients.entries()) {
    const { body } = await client.ask('DESCRIBE', URL);
    const told = parseKeyMgmtAttribute(/a=key-mgmt:(.*)/.exec(body.toString())![1]!)!;
    const answer = await client.ask('SETUP', `${URL}/trackID=0`, { Transport: SAVP_TCP });
    const { key, sessions } = keysOf(answer);
    expect(key).toEqual(told.key);
    const ssrc = /ssrc=([0-9A-F]{8})/.exec(answer.headers.get('Transport')!)![1]!;
    expect(sessions).toEqual([{ policy: 0, ssrc: Number.parseInt(ssrc, 16), roc: 0 }]);
    const [session = ''] = answer.headers.get('Session')!.split(';');
    await client.ask('PLAY', URL, { Session: session });
    mount.outputs[i]!.send(0, rtp(1), false);
    mount.outputs[i]!.flush();
    const next = await client.next();
    if (!('bytes' in next)) throw new Error('no frame');
    const length = new SrtpReceiver(key).rtp(next.bytes, 0, next.bytes.length);
    expect(next.bytes.subarray(0, length)).toEqual(rtp(1));
    keys.push(key);
  }
  expect(keys[0]).not.toEqual(keys[1]);
  await fixture.close();
});
