import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { LIMITS } from '@nightjar/rtsp';
import { MAX_PIPELINED_REQUESTS, REQUEST_TIMEOUT_MS } from './limits.js';
import type { RtspServer } from './rtsp-server.js';
import { TestClient } from './testing/test-client.js';
import { TestMount } from './testing/test-mount.js';
import { startServer } from './testing/test-server.js';

const OPTIONS = 'OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n';

describe('an attacker', () => {
  let clock: ManualClock;
  let server: RtspServer;
  let attacker: TestClient;
  let bystander: TestClient;
  let base: string;

  beforeEach(async () => {
    clock = new ManualClock();
    server = await startServer(new TestMount(), clock);
    base = `rtsp://127.0.0.1:${server.port}/front`;
    [attacker, bystander] = await Promise.all([
      TestClient.open(server.port),
      TestClient.open(server.port),
    ]);
  });

  afterEach(async () => {
    expect((await bystander.ask('OPTIONS', '*')).status).toBe(200);
    for (const { socket } of [attacker, bystander]) socket.destroy();
    await server.close();
  });

  /** What the server has read of the attacker it has seen by the time it answers somebody else. */
  async function seen(): Promise<void> {
    await bystander.ask('OPTIONS', '*');
    await bystander.ask('OPTIONS', '*');
  }

  /** From here on it is no connection without a request, which has a time of its own. */
  async function askOnce(): Promise<void> {
    expect((await attacker.ask('OPTIONS', '*')).status).toBe(200);
  }

  async function nextStatus(): Promise<number> {
    const arrival = await attacker.next();
    if (!('status' in arrival)) throw new Error('a frame');
    return arrival.status;
  }

  async function isRefused(bytes: string, status: number): Promise<void> {
    const closed = once(attacker.socket, 'close');
    attacker.socket.write(bytes, 'latin1');
    expect(await nextStatus()).toBe(status);
    await closed;
  }

  it('who drips a request byte by byte gets no more time than others', async () => {
    await askOnce();
    const closed = once(attacker.socket, 'close');
    const drops = 4;
    for (let drop = 0; drop < drops; drop += 1) {
      attacker.socket.write(OPTIONS[drop]!);
      await seen();
      clock.advance(REQUEST_TIMEOUT_MS / drops);
    }
    expect(await nextStatus()).toBe(408);
    await closed;
  });

  it('who drips the body of a request gets no more time either', async () => {
    await askOnce();
    const closed = once(attacker.socket, 'close');
    attacker.socket.write(
      `SET_PARAMETER ${base} RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 100\r\n\r\n`,
    );
    await seen();
    clock.advance(REQUEST_TIMEOUT_MS - 1);
    attacker.socket.write('x');
    await seen();
    clock.advance(1);
    expect(await nextStatus()).toBe(408);
    await closed;
  });

  it('who sends whole requests slowly is not taken for one that drips', async () => {
    for (let round = 0; round < 3; round += 1) {
      attacker.socket.write(OPTIONS.slice(0, 5));
      await seen();
      clock.advance(REQUEST_TIMEOUT_MS - 1);
      attacker.socket.write(OPTIONS.slice(5));
      expect(await nextStatus()).toBe(200);
    }
  });

  it('who says less in Content-Length than comes has the rest read as what it is', async () => {
    const closed = once(attacker.socket, 'close');
    const head = `SET_PARAMETER * RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 2\r\n\r\n`;
    attacker.socket.write(`${head}abc: no request\r\n\r\n`);
    await closed;
    const statuses = attacker.arrivals.map((one) => ('status' in one ? one.status : 0));
    expect(statuses.at(-1)).toBe(400);
  });

  it.each([
    ['two lengths', 'Content-Length: 0\r\nContent-Length: 40\r\n', 400],
    ['a negative one', 'Content-Length: -1\r\n', 400],
    ['a list of lengths', 'Content-Length: 1, 1\r\n', 400],
    ['more than there may be', `Content-Length: ${LIMITS.bodyBytes + 1}\r\n`, 413],
  ])('who announces a body by %s is cut off before it comes', async (_, header, status) => {
    await isRefused(`OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n${header}\r\n`, status);
  });

  it('who sends headers without end is cut off', async () => {
    await isRefused(`OPTIONS * RTSP/1.0\r\n${'X: y\r\n'.repeat(LIMITS.headers + 1)}\r\n`, 400);
  });

  it('who announces a frame that never comes is cut off', async () => {
    await askOnce();
    const closed = once(attacker.socket, 'close');
    attacker.socket.write('$\0\xff\xffshort', 'latin1');
    await seen();
    clock.advance(REQUEST_TIMEOUT_MS);
    await closed;
  });

  it('who asks for more at once than is kept is cut off', async () => {
    const closed = once(attacker.socket, 'close');
    attacker.socket.write(
      `DESCRIBE ${base} RTSP/1.0\r\nCSeq: 1\r\n\r\n`.repeat(2 * MAX_PIPELINED_REQUESTS),
    );
    await closed;
    const statuses = attacker.arrivals.map((one) => ('status' in one ? one.status : 0));
    expect(statuses.at(-1)).toBe(503);
  });

  it.each([
    '/../../etc/passwd',
    '/front/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/..%2f..%2fetc/passwd',
    '/front%00.mp4',
    '/..\\..\\secret',
    '/%5c..%5csecret',
    '/%c0%ae%c0%ae/secret',
    '/front/%2e%2e',
    '//etc/passwd',
    '/%zz',
  ])('who asks for %s gets nothing', async (path) => {
    const { status } = await attacker.ask('DESCRIBE', `rtsp://127.0.0.1:${server.port}${path}`);
    expect([400, 404]).toContain(status);
  });

  it.each([
    ['RTSP/1.0', 'RTP/AVP;unicast;client_port=0-0'],
    ['RTSP/1.0', 'RTP/AVP;unicast;client_port=0'],
    ['RTSP/1.0', 'RTP/AVP;unicast;client_port=5000-0'],
    ['RTSP/2.0', 'RTP/AVP;unicast;dest_addr=":0"/":0"'],
    ['RTSP/2.0', 'RTP/AVP;unicast;dest_addr=":5000"/":0"'],
    ['RTSP/2.0', 'RTP/AVP;unicast;dest_addr=":0";RTCP-mux'],
  ])('who wants media at port 0 by %s, %s, is refused', async (version, transport) => {
    attacker.version = version;
    const uri = `${base}/trackID=0`;
    const { status } = await attacker.ask('SETUP', uri, { Transport: transport });
    expect([400, 461]).toContain(status);
  });

  it('who has media sent to another host gets it himself', async () => {
    const [own, victim] = [await socketAt('127.0.0.1'), await socketAt('127.0.0.2')];
    const at = victim.address().port;
    const heardByVictim: Buffer[] = [];
    victim.on('message', (packet) => heardByVictim.push(packet));
    own.bind(at, '127.0.0.1');
    await once(own, 'listening');
    const transport = `RTP/AVP;unicast;destination=127.0.0.2;client_port=${at}-${at + 1}`;
    const answer = await attacker.ask('SETUP', `${base}/trackID=0`, { Transport: transport });
    expect([answer.status, answer.headers.get('Transport')]).toEqual([
      200,
      expect.not.stringContaining('127.0.0.2'),
    ]);
    const packet = once(own, 'message');
    await attacker.ask('PLAY', base, { Session: answer.headers.get('Session')!.split(';')[0]! });
    await packet;
    expect(heardByVictim).toEqual([]);
    own.close();
    victim.close();
  });

  async function socketAt(address: string): Promise<Socket> {
    const socket = createSocket('udp4');
    if (address === '127.0.0.1') return socket;
    socket.bind(0, address);
    await once(socket, 'listening');
    return socket;
  }
});
