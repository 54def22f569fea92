import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { parseTransport } from '@nightjar/rtsp';
import { SESSION_TIMEOUT_SECONDS } from './limits.js';
import type { RtspServer } from './rtsp-server.js';
import { TestClient } from './testing/test-client.js';
import { TestMount } from './testing/test-mount.js';
import { startServer } from './testing/test-server.js';

const UDP = 'RTP/AVP;unicast;client_port=5000-5001';
const TCP = 'RTP/AVP/TCP;unicast';
const METHODS = ['PLAY', 'PAUSE', 'TEARDOWN', 'GET_PARAMETER', 'SET_PARAMETER', 'SETUP'];

describe('a session of somebody without a name', () => {
  let mount: TestMount;
  let clock: ManualClock;
  let server: RtspServer;
  let owner: TestClient;
  let base: string;
  const strangers: TestClient[] = [];

  async function setUp(transport: string): Promise<{ Session: string }> {
    const answer = await owner.ask('SETUP', `${base}/trackID=0`, { Transport: transport });
    return { Session: answer.headers.get('Session')!.split(';')[0]! };
  }

  async function stranger(address?: string): Promise<TestClient> {
    const client = await TestClient.open(server.port, address);
    strangers.push(client);
    return client;
  }

  /** Closes the connection of the owner, and waits until the server has seen it. */
  async function leave(): Promise<void> {
    const watcher = await stranger();
    owner.socket.destroy();
    await once(owner.socket, 'close');
    await watcher.ask('OPTIONS', '*');
    await watcher.ask('OPTIONS', '*');
  }

  beforeEach(async () => {
    mount = new TestMount();
    clock = new ManualClock();
    server = await startServer(mount, clock);
    base = `rtsp://127.0.0.1:${server.port}/front`;
    owner = await TestClient.open(server.port);
  });

  afterEach(async () => {
    for (const client of [owner, ...strangers.splice(0)]) client.socket.destroy();
    await server.close();
  });

  it.each(METHODS)('cannot be used by %s on another connection', async (method) => {
    const headers = await setUp(UDP);
    const other = await stranger();
    const answer = await other.ask(method, `${base}/trackID=0`, { ...headers, Transport: UDP });
    expect([answer.status, answer.headers.has('Session')]).toEqual([454, false]);
    expect((await owner.ask('PLAY', base, headers)).status).toBe(200);
  });

  it('is not kept alive by another connection', async () => {
    const headers = await setUp(UDP);
    const other = await stranger();
    // Who says nothing at all is not kept for so long.
    await other.ask('OPTIONS', '*');
    clock.advance(SESSION_TIMEOUT_SECONDS * 1000);
    expect((await other.ask('OPTIONS', base, headers)).status).toBe(200);
    clock.advance(15_000);
    expect(server.countSessions()).toBe(0);
  });

  it('outlives its connection over UDP, for whoever comes from its address', async () => {
    const headers = await setUp(UDP);
    await owner.ask('PLAY', base, headers);
    await leave();
    expect(server.countSessions('udp')).toBe(1);
    const elsewhere = await stranger('127.0.0.2');
    expect((await elsewhere.ask('PAUSE', base, headers)).status).toBe(454);
    const again = await stranger();
    expect((await again.ask('PAUSE', base, headers)).status).toBe(200);
    const third = await stranger();
    expect((await third.ask('PLAY', base, headers)).status).toBe(454);
    expect((await again.ask('TEARDOWN', base, headers)).status).toBe(200);
  });

  it('is reclaimed over UDP when nobody comes', async () => {
    const headers = await setUp(UDP);
    await owner.ask('PLAY', base, headers);
    await leave();
    clock.advance(SESSION_TIMEOUT_SECONDS * 1000 + 15_000);
    expect([server.countSessions(), mount.closed]).toEqual([0, 1]);
  });

  it('ends with the connection that carries it', async () => {
    const headers = await setUp(TCP);
    await owner.ask('PLAY', base, headers);
    await leave();
    expect([server.countSessions(), mount.closed]).toEqual([0, 1]);
  });

  it('is kept alive by what its client sends on its channels', async () => {
    const headers = await setUp(TCP);
    const frame = Buffer.from([0x24, 1, 0, 8, 0x80, 201, 0, 1, 0, 0, 0, 1]);
    clock.advance(SESSION_TIMEOUT_SECONDS * 1000);
    owner.socket.write(frame);
    // Read before the next request is.
    expect((await owner.ask('OPTIONS', '*')).status).toBe(200);
    clock.advance(SESSION_TIMEOUT_SECONDS * 1000);
    expect(server.countSessions('tcp')).toBe(1);
    expect((await owner.ask('PLAY', base, headers)).status).toBe(200);
  });

  it('is kept alive by receiver reports to the port of RTCP', async () => {
    const player = createSocket('udp4').bind(0, '127.0.0.1');
    await once(player, 'listening');
    const { port } = player.address();
    const transport = `RTP/AVP;unicast;client_port=${port - 1}-${port}`;
    const answer = await owner.ask('SETUP', `${base}/trackID=0`, { Transport: transport });
    const [spec] = parseTransport(answer.headers.get('Transport')!);
    await owner.ask('PLAY', base, { Session: answer.headers.get('Session')!.split(';')[0]! });
    await leave();
    clock.advance(SESSION_TIMEOUT_SECONDS * 1000);
    const report = Buffer.from([0x80, 201, 0, 1, 0, 0, 0, 1]);
    await new Promise((resolve) => {
      player.send(report, spec!.serverPort![1], '127.0.0.1', resolve);
    });
    const watcher = await stranger();
    await watcher.ask('OPTIONS', '*');
    await watcher.ask('OPTIONS', '*');
    clock.advance(SESSION_TIMEOUT_SECONDS * 1000);
    expect(server.countSessions('udp')).toBe(1);
    clock.advance(15_000);
    expect(server.countSessions('udp')).toBe(0);
    player.close();
  });

  it('says goodbye to players of 1.0 before its connection is closed', async () => {
    const headers = await setUp(TCP);
    await owner.ask('PLAY', base, headers);
    await owner.next();
    const closed = once(owner.socket, 'close');
    server.endSessions(() => true, 'stream-removed');
    const bye = await owner.next();
    expect('channel' in bye && [bye.channel, bye.bytes.includes(203)]).toEqual([1, true]);
    await closed;
  });
});
