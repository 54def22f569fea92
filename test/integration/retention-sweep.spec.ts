import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Catalog, CondemnedSegment, SegmentFacts } from '@nightjar/catalog';
import { ManualClock } from '@nightjar/common';
import { Volume } from '@nightjar/recording';
import type { CameraRules } from '@nightjar/retention';
import { openCatalog, record } from '../support/catalogued.js';
import { EPOCH_MS, HOUR_MS, MINUTE_MS, segmentFacts } from '../support/footage.js';
import { startPostgres } from '../support/postgres.js';
import type { TestPostgres } from '../support/postgres.js';
import { rulesFor, sweepMain } from '../support/sweeping.js';
import { createTestVolume } from '../support/test-volume.js';
import type { TestVolume } from '../support/test-volume.js';

const FRONT = 'aaaaaaaaaaaa';
const BACK = 'bbbbbbbbbbbb';
const ENOUGH_BYTES = 1_000_000;
const NOW_MS = EPOCH_MS + 10 * HOUR_MS;

let postgres: TestPostgres;
let databases = 0;
let catalog: Catalog;
let volume: TestVolume;
let deleted: CondemnedSegment[];

beforeAll(async () => {
  postgres = await startPostgres();
}, 30_000);
afterAll(async () => {
  await postgres.remove();
});
beforeEach(async () => {
  volume = await createTestVolume();
  catalog = await openCatalog(await postgres.createDatabase(`sweep_${++databases}`), volume);
  deleted = [];
});
afterEach(async () => {
  await catalog.close();
  await volume.remove();
});

const minutes = (run: string, count: number, fields: Partial<SegmentFacts> = {}): SegmentFacts[] =>
  Array.from({ length: count }, (_, n) => segmentFacts(run, n, fields));
const paths = (segments: readonly SegmentFacts[]): string[] =>
  segments.map(({ path }) => path).sort();

async function sweep(
  cameras: Record<string, Partial<CameraRules>>,
  options: { freeBytes?: number; minFreeBytes?: number } = {},
): Promise<void> {
  const opened = await Volume.open('main', volume.root);
  await sweepMain({
    catalog,
    volume: {
      id: opened.id,
      root: opened.root,
      verify: () => opened.verify(),
      space: async () => ({ freeBytes: options.freeBytes ?? ENOUGH_BYTES }),
    },
    rules: rulesFor(cameras, { minFreeBytes: options.minFreeBytes ?? 0 }),
    clock: new ManualClock(NOW_MS),
    deleted: (segments) => deleted.push(...segments),
  });
}

async function rowsLeft(): Promise<string[]> {
  return (await catalog.audit.pageByPath(volume.id, '', 10_000)).map(({ path }) => path);
}

describe('sweepVolume', () => {
  it('deletes what is older than maxAge, of that camera only, and writes down why', async () => {
    const front = minutes(FRONT, 10);
    const back = minutes(BACK, 10, { camera: 'back' });
    await record(catalog, volume, [...front, ...back]);
    await sweep({ front: { maxAgeMs: NOW_MS - EPOCH_MS - 4 * MINUTE_MS - 1 }, back: {} });

    const kept = paths([...front.slice(4), ...back]);
    expect(await volume.files()).toEqual(kept);
    expect((await rowsLeft()).sort()).toEqual(kept);
    const rows = await catalog.volumes.deletions(volume.id, new Date(0), 100);
    expect(
      rows
        .map(({ path, rule, bytes }) => ({ path, rule, bytes }))
        .sort((a, b) => a.path.localeCompare(b.path)),
    ).toEqual(front.slice(0, 4).map(({ path }) => ({ path, rule: 'maxAge', bytes: 1_000 })));
  });

  it('deletes the oldest of all streams of a camera until it fits into maxBytes', async () => {
    const main = minutes(FRONT, 5);
    const sub = minutes(BACK, 5, { stream: 'sub', bytes: 100 });
    await record(catalog, volume, [...main, ...sub]);
    await sweep({ front: { maxBytes: 3_300 } });
    expect(await volume.files()).toEqual(paths([...main.slice(2), ...sub.slice(2)]));
    expect(deleted.map(({ rule }) => rule)).toEqual(Array.from({ length: 4 }, () => 'maxBytes'));
  });

  it('makes room on the volume with the oldest footage of whichever camera', async () => {
    const front = minutes(FRONT, 3);
    const back = minutes(BACK, 3, { camera: 'back' }).map((facts) =>
      segmentFacts(BACK, facts.sequence, { camera: 'back', runStartMs: EPOCH_MS + HOUR_MS }),
    );
    await record(catalog, volume, [...front, ...back]);
    await sweep({}, { freeBytes: 500, minFreeBytes: 4_000 });
    expect(await volume.files()).toEqual(paths(back.slice(1)));
    expect(new Set(deleted.map(({ rule }) => rule))).toEqual(new Set(['minFree']));
  });

  it('keeps the newest segment of a live run, whatever the rules say', async () => {
    const segments = minutes(FRONT, 3);
    await record(catalog, volume, segments, { live: true });
    await sweep(
      { front: { maxAgeMs: 0, maxBytes: 1 } },
      { freeBytes: 0, minFreeBytes: ENOUGH_BYTES },
    );
    expect(await volume.files()).toEqual([segments[2]?.path]);
  });

  it('deletes more than one page, and does nothing a second time', async () => {
    const many = minutes(FRONT, 1_203, { bytes: 1 });
    await record(catalog, volume, many);
    await sweep({ front: { maxBytes: 3 } });
    await sweep({ front: { maxBytes: 3 } });
    expect(await volume.files()).toEqual(paths(many.slice(1_200)));
    expect(deleted).toHaveLength(1_200);
  });

  it('removes the directories it emptied, but not one the recorder may be about to use', async () => {
    const old = minutes(FRONT, 2);
    const fresh = [segmentFacts(BACK, 0, { startMs: NOW_MS - 30 * MINUTE_MS })];
    await record(catalog, volume, [...old, ...fresh]);
    await sweep({ front: { maxBytes: 0 } });
    expect(await volume.files()).toEqual([]);
    expect(await volume.emptyDirectories()).toEqual(['front/main/2026/11/20/21']);
  });

  it('counts a file that vanished as deleted', async () => {
    const segments = minutes(FRONT, 2);
    await record(catalog, volume, segments);
    await rm(join(volume.root, 'front'), { recursive: true });
    await sweep({ front: { maxBytes: 0 } });
    expect(await rowsLeft()).toEqual([]);
  });

  it('deletes nothing, neither file nor row, when another disk is mounted there', async () => {
    const segments = minutes(FRONT, 2);
    await record(catalog, volume, segments);
    const opened = await Volume.open('main', volume.root);
    await writeFile(
      join(volume.root, '.nightjar', 'volume.json'),
      JSON.stringify({ id: '11111111-1111-4111-8111-111111111111', createdAt: '' }),
    );
    const run = sweepMain({
      catalog,
      volume: opened,
      rules: rulesFor({ front: { maxBytes: 0 } }),
      clock: new ManualClock(NOW_MS),
    });
    await expect(run).rejects.toMatchObject({ code: 'recording/volume-changed' });
    expect([await volume.files(), await rowsLeft()]).toEqual([paths(segments), paths(segments)]);
  });

  it('touches nothing outside the volume, says so, and goes on with the rest', async () => {
    const good = minutes(FRONT, 2);
    const outside = await createTestVolume();
    const target = segmentFacts(BACK, 0, { camera: 'linked' });
    await outside.write([target]);
    await mkdir(volume.root, { recursive: true });
    await symlink(join(outside.root, 'linked'), join(volume.root, 'linked'));
    await record(catalog, volume, good);
    await catalog.feed.apply(
      volume.id,
      [
        { type: 'segment-closed', volumeId: volume.id, ...target },
        {
          type: 'segment-closed',
          volumeId: volume.id,
          ...segmentFacts(BACK, 1, { path: '../../etc/passwd' }),
        },
        {
          type: 'run-ended',
          run: BACK,
          camera: 'front',
          stream: 'main',
          endedAtMs: NOW_MS,
          reason: 'stopped',
        },
      ],
      { file: 9, offset: 0 },
    );
    const run = sweep({ front: { maxBytes: 0 }, linked: { maxBytes: 0 } });
    await expect(run).rejects.toMatchObject({
      code: 'retention/not-removed',
      message: expect.stringContaining('2 segments could not be removed'),
    });
    expect(await outside.files()).toEqual([target.path]);
    expect(deleted.map(({ path }) => path).sort()).toEqual(paths(good));
    await outside.remove();
  });
});
