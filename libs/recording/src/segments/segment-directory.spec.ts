import { mkdtemp, mkdir, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SegmentDirectory } from './segment-directory.js';
import { printSegmentPath } from './segment-path.js';
import { Volume } from '../volumes/volume.js';

const DAY = Date.UTC(2026, 0, 31);
const MINUTE = 60_000;
const RUN = 'aaaaaaaaaaaa';
let volume: Volume;

/** An empty file: the timeline needs only its name. */
async function put(sequence: number, startMs: number, run = RUN): Promise<string> {
  const path = printSegmentPath({ camera: 'front', stream: 'main', run, sequence, startMs });
  await mkdir(dirname(volume.resolve(path)), { recursive: true });
  await writeFile(volume.resolve(path), '');
  return path;
}

beforeEach(async () => {
  volume = await Volume.open('main', await mkdtemp(join(tmpdir(), 'nightjar-directory-')), {
    adopt: 'empty',
  });
});
afterEach(() => rm(volume.root, { recursive: true, force: true }));

describe('SegmentDirectory', () => {
  it('knows the ends of segments from the names of those that follow', async () => {
    for (let n = 0; n < 180; n += 1) await put(n, DAY + 23 * 3_600_000 + n * MINUTE);
    const live = await put(180, DAY + 26 * 3_600_000);
    const open = { path: live, endMs: DAY + 26 * 3_600_000 + 7_000 };
    const directory = new SegmentDirectory(volume, { openSegment: () => open });
    const from = DAY + 24 * 3_600_000 - 30_000;
    const list = await directory.list('front', 'main', from, from + 2 * MINUTE);
    expect(list.map(({ sequence }) => sequence)).toEqual([59, 60, 61]);
    for (const { startMs, endMs } of list) expect(endMs - startMs).toBe(MINUTE);
    expect(await directory.list('front', 'main', DAY, DAY + 1)).toEqual([]);
    expect(await directory.list('front', 'main', 0, Infinity)).toHaveLength(181);
    expect(await directory.first('front', 'main')).toMatchObject({
      sequence: 0,
      endMs: DAY + 23 * 3_600_000 + MINUTE,
    });
    expect(await directory.last('front', 'main')).toMatchObject({
      sequence: 180,
      endMs: open.endMs,
      open: true,
    });
  });

  it('treats both ends of the range as half open', async () => {
    for (let n = 0; n < 3; n += 1) await put(n, DAY + n * MINUTE);
    const directory = new SegmentDirectory(volume);
    const list = await directory.list('front', 'main', DAY + MINUTE, DAY + 2 * MINUTE);
    expect(list.map(({ sequence }) => sequence)).toEqual([1]);
  });

  it('leaves out files that hold nothing or are gone', async () => {
    await put(0, DAY);
    const path = await put(1, DAY + MINUTE);
    const directory = new SegmentDirectory(volume);
    expect(await directory.list('front', 'main', 0, Infinity)).toHaveLength(1);
    await unlink(volume.resolve(path));
    expect(await directory.list('front', 'main', 0, Infinity)).toEqual([]);
  });

  it('is empty for a camera that never recorded, and passes over foreign files', async () => {
    const directory = new SegmentDirectory(volume);
    expect(await directory.list('nobody', 'main', 0, Infinity)).toEqual([]);
    expect(await directory.first('nobody', 'main')).toBeUndefined();
    expect(await directory.last('nobody', 'main')).toBeUndefined();
    await mkdir(volume.resolve('front/main/2026'), { recursive: true });
    await writeFile(volume.resolve('front/main/2026/01'), 'a file where a folder should be');
    await writeFile(volume.resolve('front/main/notes.txt'), '');
    expect(await directory.list('front', 'main', 0, Infinity)).toEqual([]);
  });

  it('does not let a name climb out of the volume', async () => {
    await expect(new SegmentDirectory(volume).list('..', 'main', 0, 1)).rejects.toMatchObject({
      code: 'recording/name',
    });
  });
});
