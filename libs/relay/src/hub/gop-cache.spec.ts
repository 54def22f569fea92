import { describe, expect, it } from '@jest/globals';
import type { MonotonicMs } from '@nightjar/common';
import { GopBudget } from './gop-budget.js';
import { BATCH_OVERHEAD_BYTES, GopCache, MAX_GOP_CACHE_BYTES } from './gop-cache.js';
import type { PacketBatch } from './packet-batch.js';

const MIB = 2 ** 20;

/** One packet in a block of this size. */
function batch(blockBytes: number, keyframe = false, block = new ArrayBuffer(blockBytes)) {
  return {
    bytes: Buffer.from(block, 0, 100),
    count: 1,
    offsets: Uint32Array.of(4),
    lengths: Uint32Array.of(96),
    tracks: Uint8Array.of(0),
    keyframeAt: keyframe ? 0 : -1,
    arrivalMs: 0 as MonotonicMs,
  } satisfies PacketBatch;
}

function replayed(cache: GopCache): number {
  let count = 0;
  cache.replay(() => count++);
  return count;
}

describe('the GOP cache', () => {
  it('keeps nothing before a keyframe, and starts anew with each', () => {
    const cache = new GopCache();
    cache.add(batch(1000));
    expect([cache.empty, cache.bytes]).toEqual([true, 0]);
    cache.add(batch(1000, true));
    cache.add(batch(1000));
    expect(replayed(cache)).toBe(2);
    const two = cache.bytes;
    cache.add(batch(1000, true));
    expect([replayed(cache), cache.bytes]).toEqual([1, two / 2]);
  });

  it('counts the memory that its batches keep alive, a shared block once', () => {
    const cache = new GopCache();
    const block = new ArrayBuffer(64 * 1024);
    cache.add(batch(0, true, block));
    const one = cache.bytes;
    expect(one).toBeGreaterThan(64 * 1024 + BATCH_OVERHEAD_BYTES);
    cache.add(batch(0, false, block));
    expect(cache.bytes - one).toBe(BATCH_OVERHEAD_BYTES);
  });

  it('gives up a GOP that grows too large, until the next keyframe', () => {
    const cache = new GopCache();
    cache.add(batch(MAX_GOP_CACHE_BYTES - MIB, true));
    cache.add(batch(MIB));
    expect([cache.empty, cache.bytes, cache.drops]).toEqual([
      true,
      0,
      { 'too-large': 1, budget: 0 },
    ]);
    cache.add(batch(1000));
    expect(cache.empty).toBe(true);
    cache.add(batch(1000, true));
    expect(replayed(cache)).toBe(1);
  });
});

describe('the budget of all GOP caches', () => {
  it('makes the largest give up, not the one that asks for more', () => {
    const budget = new GopBudget(10 * MIB);
    const [small, large] = [new GopCache(budget), new GopCache(budget)];
    small.add(batch(MIB, true));
    large.add(batch(8 * MIB, true));
    expect(budget.bytes).toBe(small.bytes + large.bytes);
    small.add(batch(MIB));
    expect([replayed(small), large.empty, large.drops.budget, small.drops.budget]).toEqual([
      2,
      true,
      1,
      0,
    ]);
    expect(budget.bytes).toBe(small.bytes);
    large.add(batch(MIB));
    expect(large.empty).toBe(true);
    large.add(batch(MIB, true));
    expect(large.empty).toBe(false);
  });

  it('is given back what is cleared and replaced', () => {
    const budget = new GopBudget(10 * MIB);
    const cache = new GopCache(budget);
    for (let i = 0; i < 100; i++) cache.add(batch(5 * MIB, true));
    expect(budget.bytes).toBe(cache.bytes);
    cache.clear();
    expect(budget.bytes).toBe(0);
  });

  it('holds whatever is added, and keeps nothing when it is 0', () => {
    const budget = new GopBudget(20 * MIB);
    const caches = Array.from({ length: 50 }, () => new GopCache(budget));
    for (let i = 0; i < 500; i++) {
      caches[(i * 7) % 50]!.add(batch(((i % 9) + 1) * 100_000, i % 3 === 0));
      expect(budget.bytes).toBeLessThanOrEqual(20 * MIB);
      expect(budget.bytes).toBe(caches.reduce((sum, cache) => sum + cache.bytes, 0));
    }
    const none = new GopCache(new GopBudget(0));
    none.add(batch(1000, true));
    expect([none.empty, none.drops.budget]).toEqual([true, 1]);
  });
});
