import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock, type MonotonicMs } from '@nightjar/common';
import { BatchBuilder } from '../hub/batch-builder.js';
import type { PacketBatch } from '../hub/packet-batch.js';
import { UdpPorts } from './udp-ports.js';

/** Packets that show what they are: length and a number. */
function batchOf(lengths: readonly number[]): PacketBatch {
  const builder = new BatchBuilder();
  lengths.forEach((length, i) => {
    builder.append(i % 7 === 3 ? 1 : 0, Buffer.alloc(length, i), 0, length);
  });
  return builder.take(0 as MonotonicMs);
}

describe.each([
  ['with segmentation offload', true],
  ['with one call per packet', false],
])('UDP ports %s', (_, offload) => {
  let ports: UdpPorts;
  let receiver: Socket;
  let drops: unknown[];

  beforeEach(() => {
    drops = [];
  });

  afterEach(() => {
    ports.close();
    receiver.close();
  });

  async function open(host: string): Promise<void> {
    ports = await UdpPorts.open(host, {
      clock: systemClock,
      offload,
      onDrop: (...drop) => drops.push(drop),
    });
    receiver = createSocket({
      type: host.includes(':') ? 'udp6' : 'udp4',
      recvBufferSize: 1 << 20,
    });
    receiver.bind(0, host);
    await once(receiver, 'listening');
  }

  async function received(count: number): Promise<Buffer[]> {
    const packets: Buffer[] = [];
    return await new Promise((resolve) => {
      receiver.on('message', (packet, from) => {
        expect(from.port).toBe(ports.ports[0]);
        packets.push(packet);
        if (packets.length === count) resolve(packets);
      });
    });
  }

  it.each(['127.0.0.1', '::1'])('deliver one track of a batch, in order, over %s', async (host) => {
    await open(host);
    expect(ports.offloads).toBe(offload && process.platform === 'linux');
    expect([ports.ports[0] % 2, ports.ports[1]]).toEqual([0, ports.ports[0] + 1]);
    const lengths = [1400, 1400, 1400, 300, 1400, 700, 40, 1400, 1400, 1400, 1400, 12];
    const batch = batchOf(lengths);
    const expected = lengths.flatMap((length, i) =>
      i % 7 === 3 || i < 1 ? [] : [Buffer.alloc(length, i)],
    );
    const arrived = received(expected.length);
    ports.sendBatch(batch, 1, batch.count, 0, ports.peer(host, receiver.address().port));
    expect(await arrived).toEqual(expected);
    expect(drops).toEqual([]);
  });

  it('deliver packets above the size of a segment too', async () => {
    await open('127.0.0.1');
    const arrived = received(3);
    ports.sendBatch(
      batchOf([1400, 9000, 1400]),
      0,
      3,
      0,
      ports.peer('127.0.0.1', receiver.address().port),
    );
    expect((await arrived).map(({ length }) => length).sort((a, b) => a - b)).toEqual([
      1400, 1400, 9000,
    ]);
  });

  it('serve many peers from one preparation', async () => {
    await open('127.0.0.1');
    const batch = batchOf([1400, 1400, 200]);
    const arrived = received(30);
    const peer = ports.peer('127.0.0.1', receiver.address().port);
    for (let i = 0; i < 10; i++) ports.sendBatch(batch, 0, 3, 0, peer);
    expect((await arrived).length).toBe(30);
  });

  it('go on to one player when another is gone and its host says so', async () => {
    await open('127.0.0.1');
    const gone = createSocket('udp4');
    gone.bind(0, '127.0.0.1');
    await once(gone, 'listening');
    const refusing = ports.peer('127.0.0.1', gone.address().port);
    gone.close();
    await once(gone, 'close');
    const batch = batchOf([1400, 1400, 200]);
    const peer = ports.peer('127.0.0.1', receiver.address().port);
    for (let round = 1; round <= 5; round++) {
      const arrived = received(3);
      ports.sendBatch(batch, 0, 3, 0, refusing);
      ports.sendRtcp(Buffer.alloc(8), refusing);
      ports.sendBatch(batch, 0, 3, 0, peer);
      expect((await arrived).length).toBe(3);
      receiver.removeAllListeners('message');
    }
    expect(drops).toEqual([]);
  });

  it('hear reports of each player, until told otherwise', async () => {
    await open('127.0.0.1');
    const peer = ports.peer('127.0.0.1', receiver.address().port);
    const heard = await new Promise<number>((resolve) => {
      let count = 0;
      const forget = ports.onReport(peer, () => {
        forget();
        count++;
        const stranger = createSocket('udp4');
        ports.onReport(ports.peer('127.0.0.1', receiver.address().port), () => {
          stranger.close();
          resolve(count);
        });
        stranger.send(Buffer.alloc(8), ports.ports[1], '127.0.0.1', () => {
          receiver.send(Buffer.alloc(8), ports.ports[1], '127.0.0.1');
        });
      });
      receiver.send(Buffer.alloc(8), ports.ports[1], '127.0.0.1');
    });
    expect(heard).toBe(1);
  });

  it('can be told which ports to take, and say when they are taken', async () => {
    await open('127.0.0.1');
    const [port] = ports.ports;
    await expect(
      UdpPorts.open('127.0.0.1', { clock: systemClock, offload, port }),
    ).rejects.toMatchObject({ kind: 'conflict', code: 'rtsp/udp-port-in-use' });
    ports.close();
    ports = await UdpPorts.open('127.0.0.1', { clock: systemClock, offload, port });
    expect(ports.ports).toEqual([port, port + 1]);
  });
});

it('UDP ports use segmentation offload on this kernel', async () => {
  const ports = await UdpPorts.open('127.0.0.1', { clock: systemClock });
  expect(ports.offloads).toBe(process.platform === 'linux');
  ports.close();
});
