import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock, type MonotonicMs } from '@nightjar/common';
import { encodeRtp } from '@nightjar/rtp';
import { BatchBuilder } from '../hub/batch-builder.js';
import type { PacketBatch } from '../hub/packet-batch.js';
import type { UdpPorts } from '../udp/udp-ports.js';
import { BURST_BYTES, BURST_INTERVAL_MS, UdpOutput, type UdpTrack } from './udp-output.js';

const PACKETS = 10;

function batchOf(sequence: number): PacketBatch {
  const builder = new BatchBuilder();
  for (let i = 0; i < PACKETS; i++) {
    const packet = encodeRtp(
      { payloadType: 96, sequence: sequence + i, timestamp: 0, ssrc: 5, marker: false },
      Buffer.alloc(1388),
    );
    builder.append(0, packet, 0, packet.length);
  }
  return builder.take(0 as MonotonicMs);
}

describe('UDP output', () => {
  let clock: ManualClock;
  let sent: number[];
  let counted: number;
  let rtcp: Buffer[];
  let output: UdpOutput;

  beforeEach(() => {
    clock = new ManualClock();
    sent = [];
    rtcp = [];
    counted = 0;
    const ports = {
      sendBatch: (batch: PacketBatch) => sent.push(batch.bytes.readUInt16BE(batch.offsets[0]! + 2)),
      sendRtp: () => sent.push(-1),
      sendRtcp: (packet: Buffer) => rtcp.push(packet),
    } as unknown as UdpPorts;
    const peer = { address: '127.0.0.1', port: 5000, native: undefined };
    const track: UdpTrack = { rtp: peer, rtcp: peer };
    output = new UdpOutput(ports, [track], {
      clock,
      cname: 'test',
      highWaterBytes: 1,
      onCut: () => undefined,
      onSent: (_, packets) => {
        counted += packets;
      },
    });
    output.hold();
  });

  it('holds everything back until PLAY was answered', () => {
    output.batch(batchOf(0), 0);
    clock.advance(1000);
    expect(sent).toEqual([]);
    output.release();
    expect([sent, counted]).toEqual([[0], PACKETS]);
  });

  it('paces the first burst and keeps what comes meanwhile behind it', () => {
    const total = 40;
    for (let i = 0; i < total - 1; i++) output.batch(batchOf(i * PACKETS), 0);
    output.release();
    const first = sent.length;
    expect(first * PACKETS * 1400).toBeLessThan(BURST_BYTES + PACKETS * 1404 + 1);
    output.batch(batchOf((total - 1) * PACKETS), 0);
    expect(sent.length).toBe(first);
    clock.advance(BURST_INTERVAL_MS);
    expect(sent.length).toBeGreaterThan(first);
    clock.advance(1000);
    expect(sent).toEqual(Array.from({ length: total }, (_, i) => i * PACKETS));
    output.batch(batchOf(9000), 0);
    expect(sent.at(-1)).toBe(9000);
  });

  it('says goodbye after everything else, for the stream it sent', () => {
    for (let i = 0; i < 20; i++) output.batch(batchOf(i * PACKETS), 0);
    output.release();
    output.end();
    expect(sent.length).toBe(20);
    expect(rtcp.length).toBe(1);
    expect(rtcp[0]!.includes(Buffer.from([203]))).toBe(true);
  });

  it('sends nothing once it is disposed of', () => {
    for (let i = 0; i < 20; i++) output.batch(batchOf(i * PACKETS), 0);
    output.release();
    const { length } = sent;
    output.dispose();
    output.batch(batchOf(0), 0);
    clock.advance(1000);
    expect(sent.length).toBe(length);
  });
});
