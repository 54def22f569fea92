import { mkdir, mkdtemp, rm, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import fc from 'fast-check';
import { Archive } from './archive.js';
import { SegmentDirectory } from './segment-directory.js';
import { printSegmentPath } from './segment-path.js';
import { StreamExtents } from './stream-extents.js';
import { Volume } from '../volumes/volume.js';

const DAY = Date.UTC(2026, 0, 31);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const RUNS = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb', 'cccccccccccc'];

let volume: Volume;
/** Ends of files that are the last of their run, by path: as if they were being written. */
let growing: { path: string; endMs: number } | undefined;
const live = { openSegment: () => growing };

/** An empty file: the timeline needs only its name. */
async function put(run: string, sequence: number, startMs: number, in_ = volume): Promise<string> {
  const path = printSegmentPath({ camera: 'front', stream: 'main', run, sequence, startMs });
  await mkdir(dirname(in_.resolve(path)), { recursive: true });
  await writeFile(in_.resolve(path), '');
  return path;
}

/** Lets a folder look as if nothing had changed in it for long. */
async function settle(path: string): Promise<void> {
  const past = new Date(DAY - HOUR);
  await utimes(dirname(volume.resolve(path)), past, past);
}

async function openVolume(): Promise<Volume> {
  return await Volume.open('main', await mkdtemp(join(tmpdir(), 'nightjar-extents-')), {
    adopt: 'empty',
  });
}

beforeEach(async () => {
  volume = await openVolume();
  growing = undefined;
});
afterEach(() => rm(volume.root, { recursive: true, force: true }));

describe('extents of a stream', () => {
  it('joins files that follow each other, over the hours, and not runs', async () => {
    for (let n = 0; n < 90; n++) await put(RUNS[0]!, n, DAY + n * MINUTE);
    const path = await put(RUNS[1]!, 0, DAY + 100 * MINUTE);
    growing = { path, endMs: DAY + 100 * MINUTE + 7_000 };
    const extents = new StreamExtents(new SegmentDirectory(volume, live), new ManualClock(DAY));
    // The last file of the first run is empty: it ends where it begins.
    const first = { startMs: DAY, endMs: DAY + 89 * MINUTE };
    const second = { startMs: DAY + 100 * MINUTE, endMs: growing.endMs };
    expect(await extents.list('front', 'main', 0, Infinity)).toEqual([first, second]);
    expect(await extents.list('front', 'main', DAY + 95 * MINUTE, Infinity)).toEqual([second]);
    const inside = await extents.list('front', 'main', DAY + 70 * MINUTE, DAY + 80 * MINUTE);
    expect(inside).toHaveLength(1);
    expect(inside[0]!.startMs).toBeLessThanOrEqual(DAY + 70 * MINUTE);
    expect(inside[0]!.endMs).toBeGreaterThanOrEqual(DAY + 80 * MINUTE);
    expect(await extents.list('nobody', 'main', 0, Infinity)).toEqual([]);
  });

  it('sees what is added and deleted, once a folder has not just been looked at', async () => {
    const clock = new ManualClock(DAY + 10 * HOUR);
    const paths: string[] = [];
    for (let n = 0; n < 4; n++) paths.push(await put(RUNS[0]!, n, DAY + n * MINUTE));
    await settle(paths[0]!);
    const extents = new StreamExtents(new SegmentDirectory(volume, live), clock);
    const list = (): Promise<unknown> => extents.list('front', 'main', 0, Infinity);
    expect(await list()).toEqual([{ startMs: DAY, endMs: DAY + 3 * MINUTE }]);
    await unlink(volume.resolve(paths[0]!));
    paths.push(await put(RUNS[0]!, 4, DAY + 4 * MINUTE));
    clock.advance(3_000);
    expect(await list()).toEqual([{ startMs: DAY + MINUTE, endMs: DAY + 4 * MINUTE }]);
    await rm(dirname(volume.resolve(paths[1]!)), { recursive: true });
    clock.advance(3_000);
    expect(await list()).toEqual([]);
  });
});

describe('walking an archive', () => {
  it('meets the segments of all volumes in order, in both directions, as the list has them', async () => {
    const other = await openVolume();
    try {
      const archive = new Archive(live);
      archive.add(volume);
      archive.add(Object.assign(Object.create(other) as Volume, { name: 'other' }));
      const starts = new Set<number>();
      for (let n = 0; n < 60; n++) {
        const startMs = DAY + ((n * 37) % 301) * MINUTE;
        if (starts.has(startMs)) continue;
        starts.add(startMs);
      }
      const sorted = [...starts].sort((a, b) => a - b);
      for (const [n, startMs] of sorted.entries()) {
        const place = n % 20 < 10 ? volume : other;
        await put(RUNS[Math.floor(n / 20)]!, n % 10, startMs, place);
      }
      const all = await archive.list('front', 'main', 0, Infinity);
      expect(all.length).toBeGreaterThan(40);
      const walked = async (atMs: number, order: 'up' | 'down'): Promise<string[]> => {
        const paths: string[] = [];
        for await (const { path } of archive.walk('front', 'main', atMs, order)) paths.push(path);
        return paths;
      };
      const moment = fc.integer({ min: DAY - HOUR, max: DAY + 6 * HOUR });
      await fc.assert(
        fc.asyncProperty(moment, async (atMs) => {
          const up = all.filter(({ endMs }) => endMs > atMs).map(({ path }) => path);
          expect(await walked(atMs, 'up')).toEqual(up);
          const down = all.filter(({ startMs }) => startMs <= atMs).map(({ path }) => path);
          expect(await walked(atMs, 'down')).toEqual(down.toReversed());
        }),
        { numRuns: 30 },
      );
    } finally {
      await rm(other.root, { recursive: true, force: true });
    }
  });
});
