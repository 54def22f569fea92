import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { keyPairOf } from '@nightjar/config';
import { makeSelfSigned, SilentConnections } from '@nightjar/relay';
import { readOn } from '@nightjar/supervision';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { createWebSocketStream, WebSocket } from 'ws';
import { TlsDoor } from '../../../../libs/relay/src/rtsp-server/carriage/tls-door.js';
import type { Arrival } from './arrival.js';
import { FrontDoor } from './front-door.js';

const DESCRIBE = 'DESCRIBE rtsp://h/front RTSP/1.0\r\nCSeq: 1\r\n\r\n';
const PAIR = keyPairOf(makeSelfSigned(['127.0.0.1'], Date.now()), {
  certFile: 'cert',
  keyFile: 'key',
});
const COOKIE =
  'x-sessioncookie: cookie-of-this-client\r\nContent-Type: application/x-rtsp-tunnelled\r\n';

describe('the front of several media processes', () => {
  let door: FrontDoor;
  let arrivals: { arrival: Arrival; camera: string | undefined }[];
  let happened: () => void;
  const open: Duplex[] = [];

  beforeEach(async () => {
    arrivals = [];
    happened = () => undefined;
    door = new FrontDoor({
      host: '127.0.0.1',
      port: 0,
      clock: new ManualClock(),
      silent: new SilentConnections(new ManualClock()),
      doorway: { tls: new TlsDoor(PAIR) },
      arrived: (arrival, camera) => {
        arrivals.push({ arrival, camera });
        happened();
      },
      ended: () => undefined,
      failed: (error) => {
        throw error;
      },
    });
    await door.listen();
  });

  afterEach(() => {
    door.close();
    for (const { arrival } of arrivals) arrival.drop();
    for (const one of open.splice(0)) one.destroy();
  });

  async function plain(): Promise<Socket> {
    const socket = connect(door.port, '127.0.0.1');
    open.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  async function secure(): Promise<Socket> {
    const socket = connectTls({ port: door.port, host: '127.0.0.1', ca: PAIR.cert });
    open.push(socket);
    await once(socket, 'secureConnect');
    return socket;
  }

  async function arrived(): Promise<Arrival> {
    while (arrivals.length === 0) await new Promise<void>((resolve) => (happened = resolve));
    expect(arrivals[0]!.camera).toBe('front');
    return arrivals[0]!.arrival;
  }

  /** A client by what it is wrapped in: where answers come from, once it has asked. */
  const clients: Record<string, () => Promise<Duplex>> = {
    tls: async () => {
      const socket = await secure();
      socket.write(DESCRIBE);
      return socket;
    },
    http: async () => {
      const [get, post] = [await plain(), await plain()];
      get.write(`GET /front HTTP/1.0\r\n${COOKIE}\r\n`);
      await once(get, 'data');
      post.write(
        `POST /front HTTP/1.0\r\n${COOKIE}\r\n${Buffer.from(DESCRIBE).toString('base64')}`,
      );
      return get;
    },
    websocket: async () => {
      const socket = new WebSocket(`wss://127.0.0.1:${door.port}/front`, 'rtsp.onvif.org', {
        ca: PAIR.cert,
      });
      const stream = createWebSocketStream(socket);
      open.push(stream);
      stream.write(DESCRIBE);
      return stream;
    },
  };

  it.each([
    ['tls', { secure: true, via: 'direct' }],
    ['http', { secure: false, via: 'http' }],
    ['websocket', { secure: true, via: 'websocket' }],
  ])(
    'unwraps %s, and hands on a connection of this machine that says whose it is',
    async (name, peer) => {
      const client = await clients[name]!();
      const arrival = await arrived();
      expect(arrival.peer).toEqual({ address: '127.0.0.1', ...peer });
      expect(arrival.head.toString()).toBe(DESCRIBE);
      const answer = Buffer.alloc(3_000_000, name);
      arrival.socket.write(answer);
      let got = 0;
      // Slowly, so that it is felt on the other side.
      for await (const chunk of client) {
        got += (chunk as Buffer).length;
        if (got >= answer.length) break;
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(got).toBe(answer.length);
    },
  );

  it('ends the one with the other', async () => {
    const client = await clients['tls']!();
    const arrival = await arrived();
    readOn(arrival.socket);
    client.destroy();
    await once(arrival.socket, 'close');
    arrivals.length = 0;
    const second = await clients['tls']!();
    const { socket } = await arrived();
    second.resume();
    socket.destroy();
    await once(second, 'close');
  });

  it('gives nobody else of this machine one of its connections', async () => {
    await clients['tls']!();
    const arrival = await arrived();
    const stranger = connect((arrival.socket.address() as { port: number }).port, '127.0.0.1');
    open.push(stranger);
    stranger.resume();
    await once(stranger, 'close');
    expect(arrivals).toHaveLength(1);
  });
});
