import { afterEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import type { LimitsConfig } from '@nightjar/config';
import type { RtspServer } from '../rtsp-server/rtsp-server.js';
import { TestClient } from '../rtsp-server/testing/test-client.js';
import { TestMount } from '../rtsp-server/testing/test-mount.js';
import { startServer } from '../rtsp-server/testing/test-server.js';
import { ServerLimits } from './server-limits.js';

const LIMITS: LimitsConfig = {
  connections: 100,
  connectionsPerAddress: 100,
  silentConnections: 100,
  silentTimeoutMs: 5_000,
  requestsPerSecond: 100,
  requestsPerSecondPerAddress: 100,
  httpRequestsPerSecond: 100,
  httpConnections: 100,
  httpConnectionsPerAddress: 100,
  readersPerStream: 1,
  readerBytesPerSecond: undefined,
  streamBytesPerSecond: undefined,
  publishers: 1,
  cameraConnections: 1,
  startingCameras: 1,
  memoryBytes: undefined,
  cpu: 1,
};
const TCP = 'RTP/AVP/TCP;unicast';

describe('a server with limits', () => {
  const refused: string[] = [];
  const clients: TestClient[] = [];
  const clock = new ManualClock();
  let server: RtspServer;

  const start = async (changed: Partial<LimitsConfig> = {}, mount = new TestMount()) => {
    const limits = new ServerLimits({
      limits: () => ({ ...LIMITS, ...changed }),
      processes: 1,
      clock,
      refused: (limit) => refused.push(limit),
    });
    server = await startServer(mount, clock, {}, limits);
    return `rtsp://127.0.0.1:${server.port}/front`;
  };
  const open = async (): Promise<TestClient> => {
    const client = await TestClient.open(server.port);
    clients.push(client);
    return client;
  };
  afterEach(async () => {
    refused.length = 0;
    for (const client of clients.splice(0)) client.socket.destroy();
    await server.close();
  });

  it('counts a session once, however many tracks it has, and until it is torn down or its connection has gone', async () => {
    const url = await start();
    const setUp = async (client: TestClient, track = 0, headers = {}) =>
      await client.ask('SETUP', `${url}/trackID=${track}`, { Transport: TCP, ...headers });
    const [first, second, third] = [await open(), await open(), await open()];
    const session = (await setUp(first)).headers.get('Session')!.split(';')[0]!;
    expect((await setUp(first, 1, { Session: session })).status).toBe(200);
    const answer = await setUp(second);
    expect([answer.status, answer.headers.get('Retry-After')]).toEqual([503, '5']);
    expect((await first.ask('TEARDOWN', url, { Session: session })).status).toBe(200);
    expect((await setUp(second)).status).toBe(200);
    expect((await setUp(third)).status).toBe(503);
    second.socket.destroy();
    while (server.countSessions() > 0) await third.ask('OPTIONS', url);
    expect((await setUp(third)).status).toBe(200);
    expect(refused).toEqual(['readers', 'readers']);
  });

  it('gives who is silent its time, and answers what was begun', async () => {
    await start();
    const [silent, slow, asks] = [await open(), await open(), await open()];
    slow.socket.write('OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n');
    const closed = new Promise((resolve) => void silent.socket.once('close', resolve));
    await asks.ask('OPTIONS', '*');
    while (server.silentCount < 2) await asks.ask('OPTIONS', '*');
    // Now it is known that one speaks RTSP, which has its time anew.
    while (server.connectionCount < 2) await asks.ask('OPTIONS', '*');
    clock.advance(5_000);
    await closed;
    expect(await slow.next()).toMatchObject({ status: 408 });
    expect((await asks.ask('OPTIONS', '*')).status).toBe(200);
    expect(refused).toEqual(['silent-time', 'silent-time']);
  });

  it('slows down who plays what is stored', async () => {
    const mount = new TestMount();
    mount.kind = 'playback';
    const url = await start({ readerBytesPerSecond: 1_000 }, mount);
    const client = await open();
    const setup = await client.ask('SETUP', `${url}/trackID=0`, { Transport: TCP });
    const session = setup.headers.get('Session')!.split(';')[0]!;
    await client.ask('PLAY', url, { Session: session });
    const [output] = mount.outputs;
    output!.send(0, Buffer.alloc(3_000), false);
    expect(output!.flush()).toBe(false);
    let drained = false;
    const waiting = output!.drained().then(() => (drained = true));
    await client.ask('OPTIONS', url);
    expect({ drained, refused }).toEqual({ drained: false, refused: ['reader-bandwidth'] });
    clock.advance(1_100);
    await waiting;
    expect(output!.flush()).toBe(true);
  });
});
