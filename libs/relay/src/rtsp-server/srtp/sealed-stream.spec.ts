import { describe, expect, it } from '@jest/globals';
import type { MonotonicMs } from '@nightjar/common';
import { SrtpReceiver, createMasterKey, encodeReceiverReport, encodeRtp } from '@nightjar/rtp';
import { BatchBuilder } from '../../hub/batch-builder.js';
import { FRAME_HEADER_BYTES, type PacketBatch } from '../../hub/packet-batch.js';
import { PrivateSeal } from './private-seal.js';
import { SealedStream } from './sealed-stream.js';
import { SrtpKeys } from './srtp-keys.js';
import type { Mount } from '../mount.js';

const SSRCS = [0x1000, 0x2000];

function packet(track: number, sequence: number): Buffer {
  return encodeRtp(
    { payloadType: 96 + track, sequence, timestamp: 0, ssrc: SSRCS[track]!, marker: false },
    Buffer.from(`track ${track} packet ${sequence}`),
  );
}

function batchOf(...packets: (readonly [track: number, sequence: number])[]): PacketBatch {
  const builder = new BatchBuilder();
  for (const [track, sequence] of packets) {
    const bytes = packet(track, sequence);
    builder.append(track, bytes, 0, bytes.length);
  }
  return builder.take(0 as MonotonicMs);
}

/** The packets of a batch as a receiver reads them, and whether its frames lie one behind the other. */
function opened(batch: PacketBatch, receiver: SrtpReceiver): Buffer[] {
  const bytes = Buffer.from(batch.bytes);
  let end = 0;
  return Array.from({ length: batch.count }, (_, i) => {
    const [at, length] = [batch.offsets[i]!, batch.lengths[i]!];
    expect([bytes[end], bytes[end + 1]]).toEqual([0x24, 2 * batch.tracks[i]!]);
    expect([bytes.readUInt16BE(end + 2), at]).toEqual([length, end + FRAME_HEADER_BYTES]);
    end = at + length;
    return bytes.subarray(at, at + receiver.rtp(bytes, at, length));
  });
}

describe('a sealed stream', () => {
  it('protects a batch once for all who read it', () => {
    const stream = new SealedStream();
    const batch = batchOf([0, 1], [1, 7], [0, 2]);
    const sealed = stream.seal(true).batch(batch);
    expect(stream.seal(true).batch(batch)).toBe(sealed);
    expect(stream.seal(false).batch(batch)).toBe(stream.seal(false).batch(batch));
    expect(sealed.count).toBe(3);
    const plain = [packet(0, 1), packet(1, 7), packet(0, 2)];
    expect(opened(sealed, new SrtpReceiver(stream.master))).toEqual(plain);
  });

  it('is read by those who know no key identifiers too, from the same encryption', () => {
    const stream = new SealedStream();
    const batch = batchOf([0, 1], [1, 7]);
    const [full, bare] = [stream.seal(true).batch(batch), stream.seal(false).batch(batch)];
    expect(bare.bytes.length).toBe(full.bytes.length - 2 * stream.master.mki.length);
    const receiver = new SrtpReceiver({ ...stream.master, mki: Buffer.alloc(0) });
    expect(opened(bare, receiver)).toEqual([packet(0, 1), packet(1, 7)]);
  });

  it('protects a report once, with or without identifier', () => {
    const stream = new SealedStream();
    const report = encodeReceiverReport({ ssrc: 1, cname: 'x', reports: [] });
    expect(stream.seal(true).rtcp(0, report)).toBe(stream.seal(true).rtcp(1, report));
    const bare = Buffer.from(stream.seal(false).rtcp(0, report));
    const receiver = new SrtpReceiver({ ...stream.master, mki: Buffer.alloc(0) });
    expect(bare.subarray(0, receiver.rtcp(bare, 0, bare.length))).toEqual(report);
  });

  it('is joined while its numbers are far from a wrap and somebody plays', () => {
    const stream = new SealedStream();
    expect(stream.joinable).toBe(true);
    stream.seal(true).batch(batchOf([0, 0x8000]));
    expect(stream.joinable).toBe(false);
    stream.count(1);
    expect(stream.joinable).toBe(true);
    stream.seal(true).batch(batchOf([0, 0xc001]));
    expect(stream.joinable).toBe(false);
  });
});

describe('keys that one reader has chosen', () => {
  it('protect each track under its own, and go on with the numbers of the stream', () => {
    const stream = new SealedStream();
    for (const sequence of [40_000, 65_535, 5]) stream.seal(true).batch(batchOf([0, sequence]));
    const keys = [createMasterKey(), createMasterKey()];
    const own = new PrivateSeal();
    own.setUp(0, keys[0]!, stream.sender);
    own.setUp(1, keys[1]!, stream.sender);
    const sealed = own.batch(batchOf([0, 6], [1, 9]));
    const rocs = new Map([[SSRCS[0]!, 1]]);
    expect(opened(sealed, new SrtpReceiver(keys[0]!, rocs))).toEqual([packet(0, 6), Buffer.of()]);
    expect(opened(sealed, new SrtpReceiver(keys[1]!))).toEqual([Buffer.of(), packet(1, 9)]);
  });

  it('leave nothing readable of a track that was not set up', () => {
    const own = new PrivateSeal();
    own.setUp(0, createMasterKey(), new SealedStream().sender);
    expect(own.batch(batchOf([1, 9])).bytes.includes('track 1')).toBe(false);
  });
});

describe('the keys of a server', () => {
  const live = { shared: 'front' } as Mount;
  const playback = {} as Mount;

  it('are one per stream, and another once those who count from 0 cannot join', () => {
    const keys = new SrtpKeys();
    const first = keys.tell({}, 'front', live);
    expect(keys.tell({}, 'front', live)).toBe(first);
    expect(keys.take({}, 'front', live)).toBe(first);
    expect(keys.take({}, 'back', { shared: 'back' } as Mount)).not.toBe(first);
    first.seal(true).batch(batchOf([0, 0xc001]));
    expect(keys.tell({}, 'front', live)).not.toBe(first);
  });

  it('hold for who was told them, whatever others were told since', () => {
    const keys = new SrtpKeys();
    const connection = {};
    const told = keys.tell(connection, 'front', live);
    told.seal(true).batch(batchOf([0, 0xc001]));
    expect(keys.tell({}, 'front', live)).not.toBe(told);
    expect(keys.take(connection, 'front', live)).toBe(told);
  });

  it('are given to one session alone where each plays for itself', () => {
    const keys = new SrtpKeys();
    const connection = {};
    const told = keys.tell(connection, 'playback/front', playback);
    expect(keys.take(connection, 'playback/front', playback)).toBe(told);
    expect(keys.take(connection, 'playback/front', playback)).not.toBe(told);
  });

  it('are forgotten beyond a number of descriptions', () => {
    const keys = new SrtpKeys();
    const connection = {};
    const first = keys.tell(connection, 'r0', playback);
    for (let i = 1; i <= 16; i++) keys.tell(connection, `r${i}`, playback);
    expect(keys.take(connection, 'r0', playback)).not.toBe(first);
  });
});
