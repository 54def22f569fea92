import { describe, expect, it } from '@jest/globals';
import { ManualClock, type MonotonicMs } from '@nightjar/common';
import { BatchBuilder } from '../hub/batch-builder.js';
import type { PacketBatch } from '../hub/packet-batch.js';
import type { UdpDropReason } from './drop-reason.js';
import { EAGAIN, EINVAL, EHOSTUNREACH, type Libc } from '../libc.js';
import { ARENA_BYTES, MAX_MESSAGES, RETRY_MS, SegmentSender } from './segment-sender.js';
import { MAX_RUN_BYTES } from './segment-plan.js';

/** Stands in for the kernel: takes as many messages as it is told, then fails. */
class FakeKernel {
  /** Results of the next calls: messages taken, or minus an errno. Afterwards everything is taken. */
  script: number[] = [];
  /** Peers in the order of their messages, by call. */
  readonly calls: number[][] = [];
  private failure = 0;
  private readonly addresses = new Map<Buffer, number>();

  readonly libc = {
    addressOf: (buffer: Buffer) => {
      const address = this.addresses.get(buffer) ?? 2 ** 40 * (this.addresses.size + 1);
      this.addresses.set(buffer, address);
      return address;
    },
    sendmmsg: (_: number, messages: Buffer, count: number) => {
      const taken = Math.min(this.script.shift() ?? count, count);
      if (taken < 0) {
        this.failure = -taken;
        return -1;
      }
      this.calls.push(
        Array.from({ length: taken }, (_unused, i) => messages.readUInt32LE(64 * i + 4) / 256 - 1),
      );
      return taken;
    },
    errno: () => this.failure,
  } as unknown as Libc;
}

function batchOf(lengths: readonly number[]): PacketBatch {
  const builder = new BatchBuilder();
  lengths.forEach((length, i) => {
    builder.append(0, Buffer.alloc(length, i), 0, length);
  });
  return builder.take(0 as MonotonicMs);
}

function setUp() {
  const kernel = new FakeKernel();
  const clock = new ManualClock();
  const drops: [UdpDropReason, number][] = [];
  const sender = new SegmentSender(kernel.libc, 3, clock, (reason, packets) =>
    drops.push([reason, packets]),
  );
  const single: Buffer[] = [];
  // The arena has the first address, hence peers count from 1.
  const peers = Array.from({ length: 3 }, () =>
    sender.target(Buffer.alloc(16), (packet) => single.push(Buffer.from(packet))),
  );
  return { kernel, clock, drops, sender, single, peers };
}

describe('a segment sender', () => {
  it('sends one batch to all peers with one call, at the end of the turn', async () => {
    const { kernel, sender, peers } = setUp();
    const batch = batchOf([1400, 1400, 300]);
    for (const peer of peers) sender.send(batch, 0, batch.count, 0, peer);
    expect(kernel.calls).toEqual([]);
    await Promise.resolve();
    expect(kernel.calls).toEqual([[1, 2, 3]]);
  });

  it('goes on behind a message that fails, and counts its packets by reason', () => {
    const { kernel, sender, peers, drops } = setUp();
    kernel.script = [1, -EHOSTUNREACH];
    const batch = batchOf([1400, 1400, 300]);
    for (const peer of peers) sender.send(batch, 0, batch.count, 0, peer);
    sender.flush();
    expect(kernel.calls).toEqual([[1], [3]]);
    expect(drops).toEqual([['unreachable', 3]]);
  });

  it('hands back what does not go in segments, as packets', () => {
    const { kernel, sender, peers, drops, single } = setUp();
    kernel.script = [-EINVAL];
    const batch = batchOf([1400, 1400, 300]);
    sender.send(batch, 0, batch.count, 0, peers[0]!);
    sender.flush();
    expect(single).toEqual([Buffer.alloc(1400, 0), Buffer.alloc(1400, 1), Buffer.alloc(300, 2)]);
    expect(drops).toEqual([]);
  });

  it('waits for a full socket and then goes on where it was', () => {
    const { kernel, sender, peers, drops, clock } = setUp();
    kernel.script = [1, -EAGAIN];
    const batch = batchOf([1400]);
    for (const peer of peers) sender.send(batch, 0, 1, 0, peer);
    sender.flush();
    expect(sender.stalled).toBe(true);
    sender.send(batchOf([700]), 0, 1, 0, peers[0]!);
    sender.flush();
    expect(kernel.calls).toEqual([[1]]);
    kernel.script = [-EAGAIN];
    clock.advance(RETRY_MS);
    expect(sender.stalled).toBe(true);
    clock.advance(RETRY_MS);
    expect(sender.stalled).toBe(false);
    expect(kernel.calls).toEqual([[1], [2, 3, 1]]);
    expect(drops).toEqual([]);
  });

  it('drops and counts what exceeds its room while the socket is full', () => {
    const { kernel, sender, peers, drops, clock } = setUp();
    kernel.script = [-EAGAIN];
    const small = batchOf([100]);
    for (let i = 0; i < MAX_MESSAGES + 7; i++) sender.send(small, 0, 1, 0, peers[0]!);
    expect(drops).toEqual(Array.from({ length: 7 }, () => ['full', 1]));
    const large = batchOf(Array.from({ length: 46 }, () => 1400));
    for (let i = 0; i * MAX_RUN_BYTES <= ARENA_BYTES; i++)
      sender.send({ ...large }, 0, large.count, 0, peers[0]!);
    expect(drops.at(-1)).toEqual(['full', 46]);
    clock.advance(RETRY_MS);
    expect(kernel.calls.flat().length).toBe(MAX_MESSAGES);
  });

  it('sends on when a turn brings more messages than one call takes', () => {
    const { kernel, sender, peers, drops } = setUp();
    const batch = batchOf([1400, 1400]);
    for (let i = 0; i < MAX_MESSAGES + 10; i++) sender.send(batch, 0, 2, 0, peers[i % 3]!);
    sender.flush();
    expect(kernel.calls.map(({ length }) => length)).toEqual([MAX_MESSAGES, 10]);
    expect(drops).toEqual([]);
  });

  it('sends a batch larger than its room in parts', () => {
    const { kernel, sender, peers, drops } = setUp();
    // Packets that grow by one byte each are runs of their own.
    const batch = batchOf(Array.from({ length: 1200 }, (_, i) => 20 + i));
    sender.send(batch, 0, batch.count, 0, peers[0]!);
    sender.flush();
    expect(kernel.calls.flat().length).toBe(1200);
    expect(drops).toEqual([]);
  });

  it('sends nothing after it was closed', async () => {
    const { kernel, sender, peers } = setUp();
    sender.send(batchOf([1400]), 0, 1, 0, peers[0]!);
    sender.close();
    sender.send(batchOf([1400]), 0, 1, 0, peers[0]!);
    await Promise.resolve();
    expect(kernel.calls).toEqual([]);
  });
});
