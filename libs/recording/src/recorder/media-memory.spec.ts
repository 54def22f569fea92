import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import { Bench, videoUnit } from '../../test/bench.js';
import { createSegmentFile } from '../segments/durable-files.js';
import type { CreateSegmentFile } from '../segments/durable-files.js';
import { MediaPool, MIN_BLOCK_BYTES, TrackMemory } from './media-memory.js';
import type { MediaBlock } from './media-memory.js';
import { SegmentReader } from '../segments/segment-reader.js';

const KIB = 1024;

describe('MediaPool', () => {
  it('gives blocks out again once nobody holds them', () => {
    const pool = new MediaPool();
    const block = pool.take(MIN_BLOCK_BYTES);
    block.hold();
    block.release();
    expect(pool.take(MIN_BLOCK_BYTES)).not.toBe(block);
    block.release();
    expect(pool.freeBytes).toBe(MIN_BLOCK_BYTES);
    expect(pool.take(1)).toBe(block);
    expect(pool.freeBytes).toBe(0);
    expect(pool.take(1)).not.toBe(block);
  });

  it('keeps sizes apart: doubling, at least what was asked for', () => {
    const pool = new MediaPool();
    const sizes = [1, MIN_BLOCK_BYTES, MIN_BLOCK_BYTES + 1, 100 * KIB];
    expect(sizes.map((bytes) => pool.take(bytes).bytes.length / KIB)).toEqual([16, 16, 32, 128]);
    const large = pool.take(128 * KIB);
    large.release();
    expect(pool.take(64 * KIB)).not.toBe(large);
    expect(pool.take(128 * KIB)).toBe(large);
  });

  it('keeps no more free than its bound', () => {
    const pool = new MediaPool(3 * MIN_BLOCK_BYTES);
    const blocks = Array.from({ length: 5 }, () => pool.take(MIN_BLOCK_BYTES));
    for (const block of blocks) block.release();
    expect(pool.freeBytes).toBe(3 * MIN_BLOCK_BYTES);
  });
});

describe('TrackMemory', () => {
  it('packs the units that are kept, and gives the room of others out again', () => {
    const memory = new TrackMemory(new MediaPool(), 64 * KIB);
    const first = memory.claim(1000);
    const again = memory.claim(1000);
    expect(again.byteOffset).toBe(first.byteOffset);
    memory.keep(700);
    expect(memory.claim(1000).byteOffset).toBe(first.byteOffset + 700);
    expect(memory.claim(1000).buffer).toBe(first.buffer);
  });

  it('knows a unit that cannot be its own', () => {
    const memory = new TrackMemory(new MediaPool(), 64 * KIB);
    expect(() => memory.keep(1)).toThrow(NightjarError);
    memory.claim(10);
    expect(() => memory.keep(65 * KIB)).toThrow(NightjarError);
  });

  it('never writes where a held unit lies, whatever is held for how long', () => {
    const unit = fc.record({
      bytes: fc.integer({ min: 1, max: 90 * KIB }),
      kept: fc.boolean(),
      heldFor: fc.nat({ max: 12 }),
      track: fc.nat({ max: 1 }),
    });
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 60 }), (units) => {
        const pool = new MediaPool(256 * KIB);
        const tracks = [new TrackMemory(pool, 64 * KIB), new TrackMemory(pool, 16 * KIB)];
        let held: { block: MediaBlock; data: Buffer; fill: number; until: number }[] = [];
        units.forEach(({ bytes, kept, heldFor, track }, turn) => {
          const memory = tracks[track]!;
          const fill = (turn % 250) + 1;
          const data = memory.claim(bytes).subarray(0, bytes).fill(fill);
          if (kept) held.push({ block: memory.keep(bytes), data, fill, until: turn + heldFor });
          for (const one of held) {
            if (one.until > turn) continue;
            expect(one.data.equals(Buffer.alloc(one.data.length, one.fill))).toBe(true);
            one.block.release();
          }
          held = held.filter(({ until }) => until > turn);
        });
      }),
      { numRuns: 50 },
    );
  });
});

/** Files of one recorder, whose writes wait until they are let through. */
class HeldFiles {
  private waiting: (() => void) | undefined;
  private arrived = (): void => {};
  private open = false;

  readonly create: CreateSegmentFile = async (path) => {
    const file = await createSegmentFile(path);
    return {
      ...file,
      append: async (parts, durable) => {
        if (!this.open) await new Promise<void>((go) => this.wait(go));
        await file.append(parts, durable);
      },
    };
  };

  /** Resolves when a write waits. */
  async arrival(): Promise<void> {
    if (this.waiting === undefined) await new Promise<void>((there) => (this.arrived = there));
  }

  letOneThrough(): void {
    this.waiting?.();
    this.waiting = undefined;
  }

  letAllThrough(): void {
    this.open = true;
    this.letOneThrough();
  }

  private wait(go: () => void): void {
    this.waiting = go;
    this.arrived();
  }
}

describe('a recorder with pooled memory', () => {
  const SECONDS = 14;
  let benches: Bench[];
  beforeEach(async () => {
    benches = [await Bench.open(), await Bench.open()];
  });
  afterEach(() => Promise.all(benches.map((bench) => bench.close())));

  it('writes what was sent, though the memory of others is used again while a write waits', async () => {
    const pool = new MediaPool();
    const cameras = benches.map((bench, camera) => {
      bench.frameBytes = 10_000;
      bench.fillOf = (frame) => 1 + camera * 100 + (frame % 90);
      const files = new HeldFiles();
      const settings = { ...bench.settings, queueBytes: 64 * KIB * KIB };
      const recorder = bench.recorder({ pool, settings, createFile: files.create });
      recorder.tracks(bench.tracks);
      return { bench, files, recorder };
    });
    let waited = 0;
    for (let turn = 0; turn < 2 * SECONDS; turn += 1) {
      const [one, other] = turn % 2 === 0 ? cameras : cameras.toReversed();
      // A write of the other camera waits while this one takes and fills memory.
      await one!.bench.play(one!.recorder, 1);
      other!.files.letOneThrough();
      if (one!.recorder.queuedBytes === 0) continue;
      await one!.files.arrival();
      waited += 1;
    }
    expect(waited).toBeGreaterThanOrEqual(2 * (SECONDS - 2));
    for (const { files } of cameras) files.letAllThrough();
    await Promise.all(cameras.map(({ recorder }) => recorder.stop()));

    for (const bench of benches) {
      let frame = 0;
      for (const { path } of await bench.segments()) {
        const reader = await SegmentReader.open(bench.volume.resolve(path));
        for await (const { track, keyframe, data } of reader.unitsFrom(reader.startMs)) {
          if (track !== 0) continue;
          const sent = videoUnit(keyframe, bench.frameBytes, bench.fillOf(frame));
          expect(Buffer.compare(data, sent)).toBe(0);
          frame += 1;
        }
        await reader.close();
      }
      expect(frame).toBe(SECONDS * 25);
    }
    // Both sent 7 MB; what is in the pool now is all that was ever allocated.
    expect(pool.freeBytes).toBeGreaterThan(0);
    expect(pool.freeBytes).toBeLessThan(3 * KIB * KIB);
  });
});
