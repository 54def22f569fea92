import { describe, expect, it } from '@jest/globals';
import { parseConfig } from '@nightjar/config';
import fc from 'fast-check';
import { pairsOf, place, processCount, shardLoads } from './placement.js';

describe('processCount', () => {
  it.each([
    ['auto', 0, 8, 1],
    ['auto', 32, 8, 1],
    ['auto', 33, 8, 2],
    ['auto', 1000, 8, 8],
    ['auto', 1000, 1, 1],
    [3, 1, 1, 3],
  ] as const)('%s with %d cameras on %d cores is %d', (processes, cameras, cores, count) => {
    expect(processCount(processes, cameras, cores)).toBe(count);
  });
});

const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { maxLength: 40 });
const loads = fc
  .array(fc.tuple(fc.stringMatching(/^[a-z]{1,4}$/), fc.nat({ max: 1_000_000 })))
  .map((entries) => new Map(entries));
const shardCount = fc.integer({ min: 1, max: 8 });

describe('place', () => {
  it('gives every camera one of the shards, and nobody else', () => {
    fc.assert(
      fc.property(names, shardCount, loads, (cameras, shards, measured) => {
        const placed = place(cameras, shards, measured);
        expect([...placed.keys()].sort()).toEqual([...cameras].sort());
        for (const shard of placed.values()) expect(shard >= 0 && shard < shards).toBe(true);
      }),
    );
  });

  it('keeps those together that take the place of each other', () => {
    fc.assert(
      fc.property(names, shardCount, loads, fc.nat(), (cameras, shards, measured, at) => {
        if (cameras.length < 2) return;
        const pair = [cameras[at % cameras.length]!, cameras[(at + 1) % cameras.length]!] as const;
        const placed = place(cameras, shards, measured, new Map(), [pair]);
        expect(placed.get(pair[0])).toBe(placed.get(pair[1]));
        const later = place(cameras, shards, measured, new Map([[pair[0], shards - 1]]), [pair]);
        expect(later.get(pair[1])).toBe(shards - 1);
      }),
    );
  });

  it('finds those that take the place of each other in the configuration', async () => {
    const { config } = await parseConfig(
      `version: 1
cameras:
  front: { streams: { main: { url: rtsp://a/, whenOffline: { strategy: fallback, fallback: yard/main } } } }
  yard: { streams: { main: { url: rtsp://b/, whenOffline: { strategy: fallback, fallback: sub } }, sub: rtsp://c/ } }`,
      'n.yaml',
      {},
    );
    expect(pairsOf(config.cameras)).toEqual([['front', 'yard']]);
  });

  it('leaves who has a place where it is', () => {
    fc.assert(
      fc.property(names, names, shardCount, loads, loads, (before, after, shards, old, fresh) => {
        const first = place(before, shards, old);
        const second = place(after, shards, fresh, first);
        for (const camera of after)
          if (first.has(camera)) expect(second.get(camera)).toBe(first.get(camera));
      }),
    );
  });

  it('lets no shard exceed the lightest by more than its heaviest camera', () => {
    fc.assert(
      fc.property(names, shardCount, loads, (cameras, shards, measured) => {
        const placed = place(cameras, shards, measured);
        const sums = shardLoads(placed, shards, measured);
        const alone = (camera: string): number =>
          shardLoads(placed, shards, measured)[placed.get(camera)!]! -
          shardLoads(
            new Map([...placed].filter(([name]) => name !== camera)),
            shards,
            withMean(cameras, measured),
          )[placed.get(camera)!]!;
        for (const [shard, sum] of sums.entries()) {
          const own = cameras.filter((camera) => placed.get(camera) === shard);
          if (own.length === 0) continue;
          expect(sum - Math.min(...sums)).toBeLessThanOrEqual(Math.max(...own.map(alone)) + 0.001);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('does not depend on the order of the cameras', () => {
    fc.assert(
      fc.property(names, shardCount, loads, (cameras, shards, measured) => {
        const one = new Map(place(cameras, shards, measured));
        const other = new Map(place(cameras.toReversed(), shards, measured));
        expect(other).toEqual(one);
      }),
    );
  });

  it('counts an unknown camera as the mean of the known ones, and idle ones by number', () => {
    const placed = place(
      ['a', 'b', 'c', 'd'],
      2,
      new Map([
        ['a', 300],
        ['b', 100],
      ]),
    );
    // a 300, then c and d 200 each to the other, then b 100 to a.
    expect(
      shardLoads(
        placed,
        2,
        new Map([
          ['a', 300],
          ['b', 100],
        ]),
      ),
    ).toEqual([400, 400]);
    const idle = place(
      ['a', 'b', 'c', 'd'],
      2,
      new Map([
        ['a', 0],
        ['b', 0],
        ['c', 0],
        ['d', 0],
      ]),
    );
    expect([...idle.values()].filter((shard) => shard === 0)).toHaveLength(2);
  });

  it('places anew whose shard does not exist any more', () => {
    const placed = place(
      ['a', 'b'],
      1,
      new Map(),
      new Map([
        ['a', 2],
        ['b', 0],
      ]),
    );
    expect([...placed.values()]).toEqual([0, 0]);
  });
});

/** The loads with the unknown ones filled in, so that leaving one out does not change the mean. */
function withMean(cameras: readonly string[], measured: ReadonlyMap<string, number>) {
  const known = cameras.flatMap((camera) => measured.get(camera) ?? []);
  const mean = known.reduce((sum, load) => sum + load, 0) / known.length || 1;
  return new Map(cameras.map((camera) => [camera, measured.get(camera) ?? mean]));
}
