import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { DirectSend } from './direct-send.js';
import { directPeer, SocketStream } from './socket-stream.js';

let server: Server;
const open: Socket[] = [];

/** Both ends of a new connection; the client reads nothing until it is asked to. */
async function pair(): Promise<{ own: Socket; client: Socket }> {
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  const [own] = await accepted;
  own.on('error', () => undefined);
  open.push(own, client);
  return { own, client };
}

beforeEach(async () => {
  server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
  server.close();
});

const numbered = (length: number, from: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, at) => (from + at * 7) & 0xff));

describe('sending past the streams of Node', () => {
  it('keeps every byte in order, whatever the kernel takes at once and the client reads', async () => {
    const { own, client } = await pair();
    const stream = new SocketStream(own, directPeer(own));
    const sent = createHash('sha256');
    let total = 0;
    let queued = 0;
    const write = (length: number, at: number): void => {
      const bytes = numbered(length, at);
      sent.update(bytes);
      total += length;
      stream.write(bytes);
      if (stream.queuedBytes > 0) queued += 1;
    };
    for (let at = 0; at < 60; at++) write(1 + ((at * 37_987) % 300_000), at);
    const got = createHash('sha256');
    let read = 0;
    const all = new Promise<void>((resolve) => {
      client.on('data', (chunk: Buffer) => {
        got.update(chunk);
        read += chunk.length;
        if (read === total) resolve();
      });
    });
    const drained = new Promise<void>((resolve) => stream.onceDrained(resolve));
    client.resume();
    await drained;
    // With an empty queue it is the kernel's turn again.
    write(4_000, 99);
    await all;
    expect(got.digest('hex')).toBe(sent.digest('hex'));
    expect(queued).toBeGreaterThan(0);
  });

  it('leaves nothing with the socket while there is room', async () => {
    const { own, client } = await pair();
    const direct = DirectSend.of(own);
    if (process.platform !== 'linux') return expect(direct).toBeUndefined();
    expect(direct!.send(Buffer.from('hello'))).toBe(5);
    expect([own.writableLength, own.bytesWritten]).toEqual([0, 0]);
    client.resume();
    const [chunk] = (await once(client, 'data')) as [Buffer];
    expect(chunk.toString()).toBe('hello');
    return undefined;
  });

  it('takes nothing for a socket that was closed, whoever has its descriptor now', async () => {
    const first = await pair();
    const direct = DirectSend.of(first.own);
    first.own.destroy();
    // The descriptor is free from here on, long before the socket says that it is closed.
    expect(direct?.send(Buffer.from('stray')) ?? 0).toBe(0);
    direct?.resume();
    await once(first.own, 'close');
    const others = [await pair(), await pair()];
    expect(direct?.send(Buffer.from('stray')) ?? 0).toBe(0);
    for (const { own, client } of others) {
      own.end('own');
      client.resume();
      const [chunk] = (await once(client, 'data')) as [Buffer];
      expect(chunk.toString()).toBe('own');
    }
  });

  it('takes nothing after the end, and lets the socket find out that the client is gone', async () => {
    const { own, client } = await pair();
    const ended = new SocketStream(own, directPeer(own));
    ended.open({ data: () => undefined, ended: () => ended.close(), closed: () => undefined });
    let heard = '';
    client.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    client.resume();
    ended.write(Buffer.from('early'));
    ended.closeGently();
    ended.write(Buffer.from('late'));
    await once(client, 'close');
    expect(heard).toBe('early');

    const gone = await pair();
    const stream = new SocketStream(gone.own, directPeer(gone.own));
    const closed = new Promise<void>((resolve) => {
      stream.open({ data: () => undefined, ended: () => stream.close(), closed: resolve });
    });
    gone.client.resetAndDestroy();
    stream.write(Buffer.alloc(100_000));
    stream.write(Buffer.alloc(100_000));
    await closed;
    expect(stream.closed).toBe(true);
  });

  it('is not for TLS', () => {
    const inside = new Duplex({
      read: () => undefined,
      write: (_chunk, _encoding, done) => done(),
    });
    const secure = new TLSSocket(inside);
    expect(DirectSend.of(secure)).toBeUndefined();
    secure.destroy();
  });
});
