import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock, type MonotonicMs } from '@nightjar/common';
import { encodeRtp } from '@nightjar/rtp';
import { BatchBuilder } from '../hub/batch-builder.js';
import type { PacketBatch } from '../hub/packet-batch.js';
import type { UdpPorts } from '../udp/udp-ports.js';
import { Pacer } from '../udp/pacer.js';
import type { Traffic } from './mount.js';
import { UdpOutput, type UdpTrack } from './udp-output.js';

const PACKETS = 10;
const BURST_BYTES = 48 * 1024;
const BURST_INTERVAL_MS = 5;

function rtpPacket(sequence: number): Buffer {
  return encodeRtp(
    { payloadType: 96, sequence, timestamp: 0, ssrc: 5, marker: false },
    Buffer.alloc(1388),
  );
}

function batchOf(sequence: number, packets = PACKETS): PacketBatch {
  const builder = new BatchBuilder();
  for (let i = 0; i < packets; i++) {
    const packet = rtpPacket(sequence + i);
    builder.append(0, packet, 0, packet.length);
  }
  return builder.take(0 as MonotonicMs);
}

/** Sequence numbers of packets `from` up to `to`. */
function sequences(batch: PacketBatch, from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) =>
    batch.bytes.readUInt16BE(batch.offsets[from + i]! + 2),
  );
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('UDP output', () => {
  let clock: ManualClock;
  let sent: number[];
  let traffic: Traffic;
  let rtcp: Buffer[];
  let stalled: boolean;
  let output: UdpOutput;

  beforeEach(() => {
    clock = new ManualClock();
    sent = [];
    rtcp = [];
    traffic = { bytes: 0, packets: 0 };
    stalled = false;
    const ports = {
      get stalled() {
        return stalled;
      },
      flush: () => undefined,
      sendBatch: (batch: PacketBatch, from: number, to: number) =>
        sent.push(...sequences(batch, from, to)),
      sendRtp: () => sent.push(-1),
      sendRtcp: (packet: Buffer) => rtcp.push(packet),
    } as unknown as UdpPorts;
    const peer = { address: '127.0.0.1', port: 5000, segments: undefined };
    const track: UdpTrack = { rtp: peer, rtcp: peer };
    output = new UdpOutput(ports, [track], {
      transport: 'udp',
      pacer: new Pacer({ clock, burstBytes: BURST_BYTES, intervalMs: BURST_INTERVAL_MS }),
      cname: 'test',
      highWaterBytes: 30_000,
      onCut: () => output.dispose(),
      traffic,
    });
    output.hold();
  });

  it('holds everything back until PLAY was answered', () => {
    output.batch(batchOf(0), 0);
    clock.advance(1000);
    expect(sent).toEqual([]);
    output.release();
    expect([sent, traffic.packets]).toEqual([upTo(PACKETS), PACKETS]);
  });

  it('paces the first burst and keeps what comes meanwhile behind it', () => {
    const total = 40;
    for (let i = 0; i < total - 1; i++) output.batch(batchOf(i * PACKETS), 0);
    output.release();
    const perBurst = Math.floor(BURST_BYTES / 1404);
    expect(sent.length).toBe(perBurst);
    output.batch(batchOf((total - 1) * PACKETS), 0);
    expect(sent.length).toBe(perBurst);
    clock.advance(BURST_INTERVAL_MS);
    expect(sent.length).toBe(2 * perBurst);
    clock.advance(1000);
    expect(sent).toEqual(upTo(total * PACKETS));
    output.batch(batchOf(9000), 0);
    expect(sent.at(-1)).toBe(9009);
    expect([output.queuedBytes, traffic.packets]).toEqual([0, (total + 1) * PACKETS]);
  });

  it('never sends more than a burst at once, however large a batch in the middle of a stream', () => {
    output.release();
    clock.advance(1000);
    output.batch(batchOf(0, 140), 0);
    let most = sent.length;
    for (let before = sent.length; sent.length < 140; before = sent.length) {
      clock.advance(1);
      most = Math.max(most, sent.length - before);
    }
    expect(most * 1404).toBeLessThanOrEqual(BURST_BYTES);
    expect(sent).toEqual(upTo(140));
  });

  it('knows how much waits', () => {
    output.release();
    output.batch(batchOf(0, 140), 0);
    expect(output.queuedBytes).toBe((140 - sent.length) * 1404);
    expect(output.flush()).toBe(false);
  });

  it('starts a batch where it is told', () => {
    output.batch(batchOf(0), 7);
    expect(output.queuedBytes).toBe(3 * 1404);
    output.release();
    expect([sent, traffic.packets, output.queuedBytes]).toEqual([[7, 8, 9], 3, 0]);
  });

  it('keeps the order of batches, packets and reports', () => {
    output.batch(batchOf(0, 60), 0);
    output.send(0, rtpPacket(0), false);
    output.send(0, Buffer.from([0x80, 200, 0, 1, 0, 0, 0, 5]), true);
    output.release();
    expect([sent.length < 60, rtcp.length]).toEqual([true, 0]);
    clock.advance(100);
    expect([sent, rtcp.length]).toEqual([[...upTo(60), -1], 1]);
  });

  it('sends a packet that is larger than a burst when a whole burst is due', () => {
    const builder = new BatchBuilder();
    for (const length of [60_000, 60_000]) builder.append(0, Buffer.alloc(length), 0, length);
    output.release();
    output.batch(builder.take(0 as MonotonicMs), 0);
    expect(sent.length).toBe(1);
    clock.advance(BURST_INTERVAL_MS);
    expect(sent.length).toBe(1);
    clock.advance(BURST_INTERVAL_MS * 2);
    expect(sent.length).toBe(2);
  });

  it('waits with a full socket, and tells its client how long', async () => {
    output.release();
    stalled = true;
    output.batch(batchOf(0), 0);
    clock.advance(100);
    expect([sent, output.queuedBytes]).toEqual([[], PACKETS * 1404]);
    const drained = output.drained();
    stalled = false;
    clock.advance(BURST_INTERVAL_MS);
    await drained;
    expect([sent, output.queuedBytes]).toEqual([upTo(PACKETS), 0]);
  });

  it('says goodbye after everything else, for the stream it sent', () => {
    for (let i = 0; i < 20; i++) output.batch(batchOf(i * PACKETS), 0);
    output.release();
    output.end();
    expect(rtcp.length).toBe(0);
    clock.advance(1000);
    expect(sent.length).toBe(20 * PACKETS);
    expect(rtcp.length).toBe(1);
    expect(rtcp[0]!.includes(Buffer.from([203]))).toBe(true);
  });

  it('says goodbye only when a player has had time for the last packets', () => {
    output.release();
    output.batch(batchOf(0), 0);
    output.end();
    clock.advance(240);
    expect([sent, rtcp.length]).toEqual([upTo(PACKETS), 0]);
    clock.advance(20);
    expect(rtcp.length).toBe(1);
  });

  it('says goodbye before it plays again, and not behind the answer to that', () => {
    output.release();
    output.batch(batchOf(0), 0);
    output.end();
    output.hold();
    expect(rtcp.length).toBe(1);
    output.batch(batchOf(PACKETS), 0);
    output.release();
    clock.advance(1000);
    expect([sent, rtcp.length]).toEqual([upTo(2 * PACKETS), 1]);
  });

  it('says goodbye at once when it is cut, and sends nothing any more', () => {
    for (let i = 0; i < 20; i++) output.batch(batchOf(i * PACKETS), 0);
    output.release();
    const { length } = sent;
    output.cut('test');
    expect([rtcp.length, output.queuedBytes]).toEqual([1, 0]);
    output.batch(batchOf(0), 0);
    clock.advance(1000);
    expect([sent.length, rtcp.length]).toEqual([length, 1]);
  });
});
