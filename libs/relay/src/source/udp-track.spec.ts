import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SourceCounters } from './source-counters.js';
import { bindUdpPair, closeUdpPair, type UdpPair } from './udp-pair.js';
import { UdpTrack } from './udp-track.js';

const BURST = 300;

describe.each(['127.0.0.1', '::1'])('a UDP track on %s', (host) => {
  let pair: UdpPair;
  let camera: Socket;
  let stranger: Socket;
  let counters: SourceCounters;
  let received: Buffer[];
  let wake: () => void;
  let onReceive: () => void;

  beforeEach(async () => {
    pair = await bindUdpPair(host);
    [camera, stranger] = [await open(), await open()];
    counters = new SourceCounters();
    received = [];
    wake = () => undefined;
    onReceive = () => undefined;
    const track = new UdpTrack({
      pair,
      peer: host,
      serverPorts: undefined,
      counters,
      receive: (packet) => {
        received.push(packet);
        onReceive();
        wake();
        return true;
      },
    });
    expect(track).toBeDefined();
  });

  afterEach(() => {
    for (const socket of [camera, stranger]) socket.close();
    try {
      closeUdpPair(pair);
    } catch {
      // The test did.
    }
  });

  async function open(): Promise<Socket> {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.bind(0, host);
    await once(socket, 'listening');
    return socket;
  }

  async function send(socket: Socket, packet: Buffer): Promise<void> {
    await new Promise((resolve) => socket.send(packet, pair.ports[0], host, resolve));
  }

  async function until(done: () => boolean): Promise<void> {
    while (!done()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  /** What the n-th packet of a burst is: of every size up to the largest that cameras send. */
  const packet = (n: number): Buffer => Buffer.alloc(n % 50 === 7 ? 10_000 : 1 + n, n);

  it('takes a burst whole, in order, each datagram as one of its own', async () => {
    await Promise.all(Array.from({ length: BURST }, (_, n) => send(camera, packet(n))));
    await until(() => received.length === BURST);
    expect(received.every((one, n) => one.equals(packet(n)))).toBe(true);
    expect(counters.dropped.address).toBe(0);
  });

  it('hears its camera alone, in the middle of a burst too', async () => {
    await send(camera, packet(0));
    await until(() => received.length === 1);
    await Promise.all([
      send(camera, packet(1)),
      send(stranger, packet(9)),
      send(camera, packet(2)),
      send(stranger, packet(9)),
      send(camera, packet(3)),
    ]);
    await until(() => received.length === 4);
    expect(received).toEqual([0, 1, 2, 3].map(packet));
    expect(counters.dropped.address).toBe(2);
  });

  it('stops when it is closed in the middle of a burst', async () => {
    await send(camera, packet(0));
    await until(() => received.length === 1);
    const closed = once(pair.rtp.socket, 'close');
    onReceive = () => {
      if (received.length === 2) closeUdpPair(pair);
    };
    await Promise.all(Array.from({ length: 200 }, (_, n) => send(camera, packet(n + 1))));
    await closed;
    expect(received.length).toBeLessThan(200);
  });
});
