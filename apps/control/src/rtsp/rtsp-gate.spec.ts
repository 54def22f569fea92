import { once } from 'node:events';
import { createServer as createHttpServer, type Server } from 'node:http';
import {
  connect,
  createServer,
  type AddressInfo,
  type Server as TcpServer,
  type Socket,
} from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseAddressRange, type AddressRange } from '@nightjar/config';
import { printProxyHeader } from '@nightjar/relay';
import { RtspGate } from './rtsp-gate.js';

const HOST = '127.0.0.1';
const KEY = Buffer.alloc(32, 3);
const TUNNEL = 'GET /front HTTP/1.0\r\nx-sessioncookie: cookie-of-mine\r\n';
const SOCKET =
  'GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: rtsp.onvif.org\r\n\r\n';

describe('the HTTP port', () => {
  let http: Server;
  let rtsp: TcpServer;
  let gate: RtspGate;
  /** What came to the RTSP server, by connection. */
  let passedOn: Promise<Socket>;
  const failures: string[] = [];
  let asked: number;
  const clients: Socket[] = [];

  const portOf = (server: TcpServer): number => (server.address() as AddressInfo).port;

  async function open(trustedProxies?: readonly AddressRange[]): Promise<void> {
    http = createHttpServer((request, response) => {
      let bytes = 0;
      request.on('data', (chunk: Buffer) => (bytes += chunk.length));
      request.on('end', () => response.end(`${request.method} ${request.url} ${bytes}`));
    });
    rtsp = createServer();
    rtsp.listen(0, HOST);
    await once(rtsp, 'listening');
    passedOn = once(rtsp, 'connection').then(([socket]) => socket as Socket);
    asked = 0;
    gate = new RtspGate({
      host: HOST,
      port: portOf(rtsp),
      key: KEY,
      trustedProxies,
      passedOn: () => (asked += 1),
      failed: ({ message }) => failures.push(message),
    });
    gate.guard(http);
    http.listen(0, HOST);
    await once(http, 'listening');
  }

  const client = async (): Promise<Socket> => {
    const socket = connect({ host: HOST, port: portOf(http), noDelay: true });
    clients.push(socket);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  };

  async function textUntil(socket: Socket, end: string | RegExp): Promise<string> {
    let all = '';
    while (typeof end === 'string' ? !all.includes(end) : !end.test(all))
      all += String((await once(socket, 'data'))[0]);
    return all;
  }

  /** What the RTSP server is told, by a head that it gets. */
  async function toldFor(head: string): Promise<Buffer> {
    (await client()).write(head);
    const server = await passedOn;
    clients.push(server);
    const chunks: Buffer[] = [];
    while (!Buffer.concat(chunks).includes('\r\n\r\n', 64))
      chunks.push((await once(server, 'data'))[0] as Buffer);
    return Buffer.concat(chunks);
  }

  beforeEach(() => open());

  afterEach(() => {
    for (const socket of clients.splice(0)) socket.destroy();
    gate.close();
    http.close();
    http.closeAllConnections();
    rtsp.close();
    failures.length = 0;
  });

  it('serves HTTP as before, by single bytes, with large bodies and several requests', async () => {
    const socket = await client();
    for (const byte of 'GET /one HTTP/1.1\r\nHost: h\r\n\r\n') socket.write(byte);
    expect(await textUntil(socket, 'GET /one 0')).toMatch(/^HTTP\/1\.1 200/);
    const body = Buffer.alloc(3_000_000, 65);
    socket.write(`POST /two HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n`);
    socket.write(body);
    await textUntil(socket, 'POST /two 3000000');
    const first = await client();
    first.write(
      Buffer.concat([
        Buffer.from(`POST /three HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n`),
        body,
        Buffer.from('GET /four HTTP/1.1\r\nHost: h\r\n\r\n'),
      ]),
    );
    await textUntil(first, /POST \/three 3000000[^]*GET \/four 0/);
  });

  it.each([
    ['no HTTP', '\x00\x01\x02'],
    ['bytes of TLS', '\x16\x03\x01\x02\x00'],
    ['a broken head', 'GET / HTTP/1.1\r\na\x00b\r\n\r\n'],
    ['an endless head', `GET / HTTP/1.1\r\na: ${'b'.repeat(70_000)}`],
  ])('leaves it to HTTP to refuse %s', async (_what, bytes) => {
    const socket = await client();
    socket.write(bytes, 'latin1');
    expect(await textUntil(socket, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 4(?:00|31)/);
  });

  it('waits for who says nothing, and forgets who stops in the middle', async () => {
    const accepted = once(http, 'connection') as Promise<[Socket]>;
    const socket = await client();
    const [served] = await accepted;
    const begun = once(served, 'data');
    socket.write('GET /la');
    await begun;
    socket.write('te HTTP/1.1\r\nHost: h\r\n\r\n');
    await textUntil(socket, 'GET /late 0');
    const ended = await client();
    ended.resume().end('GET /half');
    await once(ended, 'close');
    expect(asked).toBe(0);
  });

  it('passes tunnels and WebSockets on whole, behind who the client is', async () => {
    const header = printProxyHeader({ address: HOST, secure: false }, KEY);
    const head = `${TUNNEL}X-Forwarded-For: 192.0.2.9\r\nX-Forwarded-Proto: https\r\n\r\nZXhhY3Q=`;
    const socket = await client();
    for (const byte of head) socket.write(byte);
    const server = await passedOn;
    expect(await textUntil(server, 'ZXhhY3Q=')).toBe(header.toString() + head);
    expect(asked).toBe(1);
    server.write('HTTP/1.0 200 OK\r\n\r\n');
    await textUntil(socket, '200 OK\r\n\r\n');
    socket.write('bW9yZQ==');
    await textUntil(server, 'bW9yZQ==');
    server.end('the last words');
    await textUntil(socket, 'the last words');
    await once(socket, 'close');
  });

  it('passes a WebSocket on', async () => {
    const told = await toldFor(SOCKET);
    const header = printProxyHeader({ address: HOST, secure: false }, KEY);
    expect(told).toEqual(Buffer.concat([header, Buffer.from(SOCKET)]));
  });

  it('believes proxies that are trusted, and nobody before them', async () => {
    gate.close();
    http.close();
    rtsp.close();
    await open([parseAddressRange('127.0.0.0/8'), parseAddressRange('192.0.2.7/32')]);
    const head = `${TUNNEL}X-Forwarded-For: 203.0.113.66, 198.51.100.4, 192.0.2.7\r\nX-Forwarded-Proto: https\r\n\r\n`;
    const told = await toldFor(head);
    const header = printProxyHeader({ address: '198.51.100.4', secure: true }, KEY);
    expect(told).toEqual(Buffer.concat([header, Buffer.from(head)]));
  });

  it('closes the other side when one goes', async () => {
    const socket = await client();
    socket.write(`${TUNNEL}\r\n`);
    const server = await passedOn;
    server.on('error', () => undefined).resume();
    const closed = once(server, 'close');
    socket.destroy();
    await closed;
  });

  it('answers 503 while the RTSP server cannot be reached', async () => {
    await new Promise((resolve) => rtsp.close(resolve));
    const socket = await client();
    socket.write(`${TUNNEL}\r\n`);
    expect(await textUntil(socket, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 503/);
    expect(failures).toHaveLength(1);
  });
});
