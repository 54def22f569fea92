import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createWebSocketStream } from 'ws';
import { TestClient } from '../testing/test-client.js';
import { printProxyHeader } from './proxy-header.js';
import { makeSelfSigned } from './self-signed.js';
import { REREAD_MS } from './server-certificate.js';
import {
  answerTo,
  OpenPort,
  packet,
  play,
  PROXY_KEY,
  TCP,
  tunnelHead,
} from './testing/open-port.js';

describe('the RTSP port', () => {
  let port: OpenPort;

  beforeEach(async () => {
    port = new OpenPort();
    await port.open();
  });

  afterEach(() => port.close());

  it('takes RTSP, TLS, HTTP tunnels and WebSockets, and all of them inside TLS', async () => {
    const clients = [
      TestClient.over(await port.plain()),
      TestClient.over(await port.secure()),
      (await port.tunnel(port.plain)).client,
      (await port.tunnel(port.secure)).client,
      TestClient.over(createWebSocketStream(await port.webSocket('ws'))),
      TestClient.over(createWebSocketStream(await port.webSocket('wss'))),
    ];
    for (const client of clients) await play(client, TCP);
    expect(port.server.countSessions('tcp')).toBe(clients.length);
  });

  it('knows what comes by single bytes', async () => {
    for (const socket of [await port.plain(), await port.secure()]) {
      for (const byte of tunnelHead('GET')) socket.write(byte);
      expect(await answerTo(socket, '')).toMatch(/^HTTP\/1\.0 200/);
      socket.destroy();
      await once(socket, 'close');
    }
  });

  it('drops who says nothing, who stops in the middle, and TLS inside TLS', async () => {
    const sockets = [
      await port.plain(),
      await port.plain(),
      await port.plain(),
      await port.secure(),
    ];
    sockets[1]!.write('GET /fro');
    sockets[2]!.write(Buffer.from('16030100', 'hex'));
    sockets[3]!.write(Buffer.from('1603010200', 'hex'));
    await once(sockets[3]!, 'close');
    // Its bytes are read before those of the connections that came after it.
    await TestClient.over(await port.plain()).ask('OPTIONS', '*');
    const closed = sockets.slice(0, 3).map((socket) => once(socket, 'close'));
    port.clock.advance(10_000);
    await Promise.all(closed);
    expect(port.server.countSessions()).toBe(0);
  });

  describe('passed on by a process of ours', () => {
    const told = (address: string, key = PROXY_KEY): Buffer =>
      printProxyHeader({ address, secure: false }, key);

    it('is taken for who is behind it: RTSP, tunnels and WebSockets', async () => {
      const rtsp = await port.plain();
      for (const byte of told('192.0.2.1')) rtsp.write(Buffer.from([byte]));
      await play(TestClient.over(rtsp), TCP);
      const [get, post, other] = [await port.plain(), await port.plain(), await port.plain()];
      get.write(told('192.0.2.2'));
      expect(await answerTo(get, tunnelHead('GET'))).toMatch(/ 200 /);
      // The cookie counts for the address that is told, not for that of the process.
      other.write(told('192.0.2.3'));
      expect(await answerTo(other, tunnelHead('POST'))).toMatch(/ 404 /);
      post.write(told('192.0.2.2'));
      post.write(tunnelHead('POST'));
      post.write(Buffer.from('OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n').toString('base64'));
      expect(await answerTo(get, '')).toMatch(/^RTSP\/1\.0 200/);
      expect(port.addresses).toEqual(['192.0.2.1', '192.0.2.2']);
    });

    it.each([
      ['made with another key', () => told('192.0.2.1', Buffer.alloc(32))],
      ['that is none of ours', () => Buffer.from('\r\n\r\n\0\r\nQUIT\n\x20\0\0\0', 'latin1')],
      ['told twice', () => Buffer.concat([told('192.0.2.1'), told('192.0.2.2')])],
    ])('is closed without a word for a header %s', async (_what, bytes) => {
      const socket = await port.plain();
      socket.resume().write(bytes());
      await once(socket, 'close');
      expect(socket.bytesRead).toBe(0);
      const inside = await port.secure();
      inside.resume().write(told('192.0.2.1'));
      await once(inside, 'close');
      expect(port.addresses).toEqual([]);
    });
  });

  it('refuses TLS below 1.2', async () => {
    const socket = connectTls({
      port: port.server.port,
      host: '127.0.0.1',
      ca: port.pair.cert,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toMatch(/protocol version|unsupported/i);
  });

  it('leads clients in the clear to TLS where that is required, tunnels too', async () => {
    await port.reopen({ requireTls: true });
    const moved = await TestClient.over(await port.plain()).ask(
      'DESCRIBE',
      'rtsp://u:p@nvr:554/a?b=1',
    );
    expect(moved.status).toBe(301);
    expect(moved.headers.get('Location')).toBe(`rtsps://nvr:${port.server.port}/a?b=1`);
    expect((await TestClient.over(await port.plain()).ask('OPTIONS', '*')).status).toBe(403);
    expect(await answerTo(await port.plain(), tunnelHead('GET', 'in-the-clear'))).toMatch(/ 403 /);
    await play((await port.tunnel(port.secure)).client, TCP);
  });

  describe('takes up a renewed certificate', () => {
    /** The files are looked at, until what is awaited has happened. */
    async function lookUntil(done: () => boolean): Promise<void> {
      while (!done()) {
        port.clock.advance(REREAD_MS);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }

    it('for those who come, and disturbs nobody inside', async () => {
      const inside = TestClient.over(await port.secure());
      await play(inside, TCP);
      const next = makeSelfSigned(['localhost', '127.0.0.1'], Date.now() - 2 * 86_400_000);
      await port.write(next);
      await lookUntil(() => port.log.includes('a new certificate is in use'));
      expect(port.expiries[1]! - port.expiries[0]!).toBeLessThan(-86_400_000);
      expect((await port.secure(next.cert)).authorized).toBe(true);
      port.outputs[0]!.send(0, packet(2), false);
      port.outputs[0]!.flush();
      expect(await inside.next()).toEqual({ channel: 0, bytes: packet(2) });
    });

    it('not while its halves do not match, and says so once', async () => {
      const next = makeSelfSigned(['localhost', '127.0.0.1'], Date.now());
      await port.write({ cert: next.cert });
      const refused = 'the new certificate cannot be used, the old one stays';
      await lookUntil(() => port.log.includes(refused));
      expect((await port.secure()).authorized).toBe(true);
      for (let looks = 0; looks < 3; looks += 1) {
        port.clock.advance(REREAD_MS);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await port.write({ key: next.key });
      await lookUntil(() => port.log.includes('a new certificate is in use'));
      expect((await port.secure(next.cert)).authorized).toBe(true);
      expect(port.log.filter((line) => line === refused)).toHaveLength(1);
    });
  });

  it.each(['ws', 'tls', 'http'] as const)('knows what waits for a slow reader: %s', async (via) => {
    const [stream, client] = await (async (): Promise<[{ pause(): unknown }, TestClient]> => {
      if (via === 'ws') {
        const socket = await port.webSocket('ws');
        return [socket, TestClient.over(createWebSocketStream(socket))];
      }
      if (via === 'tls') {
        const socket = await port.secure();
        return [socket, TestClient.over(socket)];
      }
      const { get, client: over } = await port.tunnel(port.plain);
      return [get, over];
    })();
    await play(client, TCP);
    const output = port.outputs[0]!;
    stream.pause();
    let sent = 0;
    while (output.queuedBytes < 512 * 1024 && sent < 4000) {
      output.send(0, packet(++sent + 1, 60_000), false);
      output.flush();
      if (sent % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(output.queuedBytes).toBeGreaterThanOrEqual(512 * 1024);
    let drained = false;
    const waiting = output.drained().then(() => (drained = true));
    expect(drained).toBe(false);
    (stream as unknown as { resume(): void }).resume();
    await waiting;
    expect(output.queuedBytes).toBe(0);
    // A cut does not wait for the queue.
    stream.pause();
    for (let more = 0; more < 200; more += 1) {
      output.send(0, packet(1, 60_000), false);
      output.flush();
    }
    output.cut('slow');
    (stream as unknown as { resume(): void }).resume();
    expect(port.server.countSessions()).toBe(0);
  });
});
