import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { parseAddressRange, type AddressRange, type LimitsConfig } from '@nightjar/config';
import { GENTLE_CLOSE_MS } from '@nightjar/relay';
import { HttpConnections, MAX_DISMISSED, type HttpLimit } from './http-connections.js';

const HOST = '127.0.0.1';
const ELSEWHERE = '127.0.0.2';
const GET = 'GET /short HTTP/1.1\r\nHost: h\r\n\r\n';
const TIMEOUT_MS = 5_000;
const REFUSED = /^HTTP\/1\.1 503 [^]*\r\nRetry-After: 5\r\n/;

describe('connections of the HTTP port', () => {
  let clock: ManualClock;
  let http: Server;
  let connections: HttpConnections;
  let limits: Partial<LimitsConfig>;
  let refused: HttpLimit[];
  /** Answers that are not ended yet. */
  let held: ServerResponse[];
  const clients: Socket[] = [];

  async function open(trustedProxies?: readonly AddressRange[]): Promise<void> {
    http = createServer((request, response) => {
      if (request.url === '/held') held.push(response);
      else request.resume().on('end', () => response.end('done'));
    });
    connections = new HttpConnections({
      clock,
      limits: () => limits as LimitsConfig,
      trustedProxies,
      refused: (limit) => refused.push(limit),
    });
    connections.guard(http);
    http.listen(0, HOST);
    await once(http, 'listening');
  }

  /** Both ends of a connection. */
  async function pair(localAddress = HOST, allowHalfOpen = false): Promise<[Socket, Socket]> {
    const { port } = http.address() as AddressInfo;
    const accepted = once(http, 'connection') as Promise<[Socket]>;
    const socket = connect({ host: HOST, port, localAddress, allowHalfOpen, noDelay: true });
    clients.push(socket);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const [served] = await accepted;
    return [socket, served];
  }

  const client = async (localAddress?: string): Promise<Socket> => (await pair(localAddress))[0];

  async function textUntil(socket: Socket, end: RegExp): Promise<string> {
    let all = '';
    while (!end.test(all)) all += String((await once(socket, 'data'))[0]);
    return all;
  }

  async function ask(socket: Socket): Promise<void> {
    socket.write(GET);
    await textUntil(socket, /done/);
  }

  async function allOf(socket: Socket): Promise<string> {
    let all = '';
    socket.on('data', (chunk) => (all += String(chunk)));
    await once(socket, 'close');
    return all;
  }

  /** Until the server has read so many bytes of a client. */
  async function read(served: Socket, bytes: number): Promise<void> {
    while (served.bytesRead < bytes) await new Promise((resolve) => setImmediate(resolve));
  }

  beforeEach(async () => {
    clock = new ManualClock();
    limits = {
      httpConnections: 4,
      httpConnectionsPerAddress: 2,
      silentConnections: 10,
      silentTimeoutMs: TIMEOUT_MS,
    };
    refused = [];
    held = [];
    await open();
  });

  afterEach(() => {
    connections.close();
    for (const socket of clients.splice(0)) socket.destroy();
    http.close();
  });

  it('are counted, of all and of each address, and refused beyond', async () => {
    const own = [await client(), await client()];
    expect(await allOf(await client())).toMatch(REFUSED);
    await client(ELSEWHERE);
    await client('127.0.0.3');
    expect(await allOf(await client('127.0.0.4'))).toMatch(REFUSED);
    expect(refused).toEqual(['http-connections-per-address', 'http-connections']);
    expect(connections.size).toBe(4);
    own[0]!.destroy();
    while (connections.size === 4) await ask(own[1]!);
    await ask(await client());
    expect(refused).toHaveLength(2);
  });

  it('of a proxy that is believed count among all alone', async () => {
    http.close();
    await open([parseAddressRange('127.0.0.1/32')]);
    for (let i = 0; i < 4; i++) await ask(await client());
    expect(await allOf(await client())).toMatch(REFUSED);
    expect(refused).toEqual(['http-connections']);
  });

  it('have their time to ask something, and are told when they stopped in the middle', async () => {
    const [silent] = await pair();
    const [half, served] = await pair();
    half.write('GET /la');
    await read(served, 7);
    const asks = await client(ELSEWHERE);
    await ask(asks);
    expect(connections.silentSize).toBe(2);
    clock.advance(TIMEOUT_MS);
    expect(await Promise.all([allOf(silent), allOf(half)])).toEqual([
      '',
      expect.stringMatching(/^HTTP\/1\.1 408 /),
    ]);
    expect(refused).toEqual(['http-silent-time', 'http-silent-time']);
    await ask(asks);
  });

  it('have asked only when the body is there too, and take their time for the answer', async () => {
    const [slow, served] = await pair();
    const head = 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n';
    slow.write(`${head}abc`);
    await read(served, head.length + 3);
    const waits = await client();
    waits.write('GET /held HTTP/1.1\r\nHost: h\r\n\r\n');
    while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(connections.silentSize).toBe(1);
    clock.advance(TIMEOUT_MS);
    expect(await allOf(slow)).toMatch(/^HTTP\/1\.1 408 /);
    clock.advance(TIMEOUT_MS);
    held[0]!.end('at last');
    await textUntil(waits, /at last/);
    expect(refused).toEqual(['http-silent-time']);
  });

  it('that ask nothing make room for new ones, the oldest first', async () => {
    limits = { ...limits, silentConnections: 1 };
    const first = await client();
    const gone = once(first.resume(), 'close');
    const second = await client();
    await gone;
    await ask(second);
    expect(refused).toEqual(['http-silent-connections']);
  });

  it('that carry something else have their time', async () => {
    const [other, served] = await pair();
    connections.asked(served);
    clock.advance(TIMEOUT_MS);
    await ask(other);
    expect(refused).toEqual([]);
  });

  it('are told why they are refused as long as not too many are', async () => {
    limits = { ...limits, httpConnections: 1 };
    await client();
    // Who is told stays half open until its time is over.
    for (let i = 0; i < MAX_DISMISSED; i++) {
      const [socket] = await pair(HOST, true);
      await once(socket, 'data');
    }
    expect(await allOf(await client())).toBe('');
    clock.advance(GENTLE_CLOSE_MS);
    while ((await allOf(await client())) === '') continue;
  });

  it('end when the port is closed, also those that asked nothing', async () => {
    const ends = [await client(), await client()].map((socket) => once(socket.resume(), 'close'));
    connections.close();
    await Promise.all(ends);
  });
});
