import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { MonotonicMs } from '@nightjar/common';
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

  afterEach(() => {
    ports.close();
    receiver.close();
  });

  async function open(host: string): Promise<void> {
    ports = await UdpPorts.open(host, { offload });
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
    expect([ports.ports[0] % 2, ports.ports[1]]).toEqual([0, ports.ports[0] + 1]);
    const lengths = [1400, 1400, 1400, 300, 1400, 700, 40, 1400, 1400, 1400, 1400, 12];
    const batch = batchOf(lengths);
    const expected = lengths.flatMap((length, i) =>
      i % 7 === 3 || i < 1 ? [] : [Buffer.alloc(length, i)],
    );
    const arrived = received(expected.length);
    ports.sendBatch(batch, 1, 0, ports.peer(host, receiver.address().port));
    expect(await arrived).toEqual(expected);
    expect(ports.offload?.failures ?? { full: 0, other: 0 }).toEqual({ full: 0, other: 0 });
  });

  it('deliver packets above the size of a segment too', async () => {
    await open('127.0.0.1');
    const arrived = received(3);
    ports.sendBatch(
      batchOf([1400, 9000, 1400]),
      0,
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
    for (let i = 0; i < 10; i++) ports.sendBatch(batch, 0, 0, peer);
    expect((await arrived).length).toBe(30);
  });
});

it('UDP ports use segmentation offload on this kernel', async () => {
  const ports = await UdpPorts.open('127.0.0.1');
  expect(ports.offload !== undefined).toBe(process.platform === 'linux');
  ports.close();
});
