import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Archive, Volume } from '@nightjar/recording';
import { makeArchive } from './made-archive.js';

const START_MS = Date.UTC(2026, 10, 20, 12, 0, 58);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nightjar-archive-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('makeArchive', () => {
  it('leaves footage of the asked length and bit rate, without a hole', async () => {
    await makeArchive(folder, {
      camera: 'archive',
      seconds: 6,
      bitsPerSecond: 800_000,
      framesPerSecond: 25,
      gopFrames: 25,
      startMs: START_MS,
    });
    const archive = new Archive({ openSegment: () => undefined });
    archive.add(await Volume.open('main', folder));
    const segments = await archive.list('archive', 'main', 0, Infinity);
    // The minute ends at 2 s: the segment that follows touches the first.
    expect(segments).toHaveLength(2);
    expect(segments[0]!.endMs).toBe(segments[1]!.startMs);
    let [units, bytes] = [0, 0];
    for (const segment of segments) {
      const reader = await archive.open(segment);
      for await (const unit of reader.unitsFrom(reader.startMs)) {
        units++;
        bytes += unit.data.length;
      }
      await reader.close();
    }
    expect(units).toBe(6 * 25);
    expect((bytes * 8) / 6 / 800_000).toBeCloseTo(1, 2);
  });
});
