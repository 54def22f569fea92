import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { encodeRtp } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import fc from 'fast-check';
import type { Source, SourceSink } from '../source/source.js';
import { BatchBuilder } from './batch-builder.js';
import { Block, BlockPool, BLOCK_BYTES, MAX_SPARE_BYTES } from './block-pool.js';
import type { HubReader } from './hub.js';
import type { PacketBatch } from './packet-batch.js';
import { StreamHub } from './stream-hub.js';

const VIDEO: SdpTrack = {
  format: {
    kind: 'video',
    codec: 'h264',
    encodingName: 'H264',
    payloadType: 96,
    clockRateHz: 90_000,
    fmtp: {},
  },
  control: 'track0',
} as unknown as SdpTrack;

/** Spoils what is given back, so that whoever still reads it is found out. */
class SpoilingPool extends BlockPool {
  given = 0;

  override give(blocks: readonly Block[]): void {
    for (const { bytes, offsets, lengths, tracks } of blocks) {
      bytes.fill(0xee);
      for (const table of [offsets, lengths, tracks]) table.fill(0xee);
    }
    this.given += blocks.length;
    super.give(blocks);
  }
}

/** Keeps batches until they are "written", as a socket does whose peer is slow. */
class LaggingReader implements HubReader {
  readonly queue: { batch: PacketBatch; from: number; before: Buffer }[] = [];
  written = 0;

  get holdsBatches(): boolean {
    return this.queue.length > 0;
  }

  batch(batch: PacketBatch, from: number): void {
    this.queue.push({ batch, from, before: Buffer.from(batch.bytes) });
  }

  write(count: number): void {
    for (const { batch, before } of this.queue.splice(0, count)) {
      if (!batch.bytes.equals(before)) throw new Error('a batch changed while it was held');
      let at = 0;
      for (let i = 0; i < batch.count; i++) {
        at += 4;
        if (batch.offsets[i] !== at) throw new Error('a table changed while it was held');
        at += batch.lengths[i]!;
      }
      this.written++;
    }
  }

  tracks(): void {}
  interrupted(): void {}
  closed(): void {}
}

class IdleSource {
  readonly stats = { state: 'playing' };

  constructor(readonly sink: SourceSink) {}

  start(): void {}

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

type Step =
  | {
      readonly do: 'frame';
      readonly key: boolean;
      readonly bytes: number;
      readonly packets: number;
    }
  | { readonly do: 'write'; readonly reader: number; readonly count: number }
  | { readonly do: 'attach' | 'detach'; readonly reader: number }
  | { readonly do: 'offline' };

const reader = fc.nat(3);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('frame' as const),
      key: fc.boolean(),
      bytes: fc.oneof(fc.integer({ min: 20, max: 1400 }), fc.integer({ min: 20, max: 60_000 })),
      packets: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(300)),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('write' as const), reader, count: fc.nat(40) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('attach' as const, 'detach' as const), reader }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('offline' as const) }) },
);

describe('memory of batches', () => {
  it('is never used again while a reader may still send it', () => {
    let reused = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const pool = new SpoilingPool();
        let source: IdleSource | undefined;
        const hub = new StreamHub({
          clock: new ManualClock(),
          closeAfterMs: 1_000,
          cname: 'test',
          blocks: pool,
          createSource: (sink) => {
            source = new IdleSource(sink);
            return source as unknown as Source;
          },
        });
        const watcher = new LaggingReader();
        hub.attach(watcher, { fromKeyframe: true });
        const { sink } = source!;
        sink.online([VIDEO]);
        const readers = Array.from({ length: 4 }, () => new LaggingReader());
        const attached = new Set<LaggingReader>();
        let sequence = 0;
        for (const one of steps) {
          if (one.do === 'frame') {
            for (let i = 0; i < one.packets; i++) {
              sequence++;
              const payload = Buffer.alloc(Math.ceil(one.bytes / one.packets) + 2, sequence);
              payload[0] = one.key && i === 0 ? 0x65 : 0x41;
              payload[1] = 0x88;
              const packet = encodeRtp(
                { payloadType: 96, sequence, timestamp: sequence, ssrc: 5, marker: true },
                payload,
              );
              sink.rtp(0, packet, 0, packet.length);
            }
            sink.flush();
            watcher.write(1);
          } else if (one.do === 'offline') {
            sink.offline('timeout', '');
            sink.online([VIDEO]);
          } else {
            const which = readers[one.reader]!;
            if (one.do === 'write') which.write(one.count);
            else if (one.do === 'attach' && !attached.has(which)) {
              attached.add(which);
              hub.attach(which, { fromKeyframe: true });
            } else if (one.do === 'detach' && attached.delete(which)) hub.detach(which);
          }
        }
        for (const which of readers) which.write(Infinity);
        reused += pool.given;
      }),
      { numRuns: 150 },
    );
    expect(reused).toBeGreaterThan(100);
  });

  it('goes round for a stream whose readers keep up: two GOPs need no more blocks than one', () => {
    const pool = new BlockPool();
    const builder = new BatchBuilder(pool);
    const seen = new Set<ArrayBufferLike>();
    const packet = Buffer.alloc(1400);
    for (let gop = 0; gop < 50; gop++) {
      for (let frame = 0; frame < 20; frame++) {
        for (let i = 0; i < 10; i++) builder.append(0, packet, 0, packet.length);
        seen.add(builder.take(0 as never).bytes.buffer);
        if (frame === 0) builder.release();
      }
    }
    expect(seen.size).toBeLessThanOrEqual(Math.ceil((20 * 14_040) / (BLOCK_BYTES * 0.75)) + 2);
  });

  it('is given back as a whole when the stream ends, and kept in bounds', () => {
    const pool = new BlockPool();
    const builder = new BatchBuilder(pool);
    builder.append(0, Buffer.alloc(100), 0, 100);
    builder.take(0 as never);
    builder.releaseAll();
    expect(pool.spareBytes).toBe(BLOCK_BYTES);
    const large = new Block(MAX_SPARE_BYTES, 1);
    pool.give([large, new Block(0, 0)]);
    expect(pool.spareBytes).toBe(BLOCK_BYTES);
  });

  it('goes round for a stream whose keyframes are larger than a block', () => {
    const pool = new BlockPool();
    const builder = new BatchBuilder(pool);
    const seen = new Set<ArrayBufferLike>();
    const packet = Buffer.alloc(1400);
    for (let gop = 0; gop < 50; gop++) {
      for (let i = 0; i < 100; i++) builder.append(0, packet, 0, packet.length);
      seen.add(builder.take(0 as never).bytes.buffer);
      builder.release();
    }
    expect(seen.size).toBeLessThanOrEqual(3);
  });
});
