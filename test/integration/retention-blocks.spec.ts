import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Catalog, SegmentFacts } from '@nightjar/catalog';
import { ManualClock } from '@nightjar/common';
import { Volume } from '@nightjar/recording';
import { ClockWatch, whyGone } from '@nightjar/retention';
import type { CameraRules, SweepReport, VolumeRules } from '@nightjar/retention';
import { openCatalog, record } from '../support/catalogued.js';
import { HOUR_MS, segmentFacts } from '../support/footage.js';
import { startPostgres } from '../support/postgres.js';
import type { TestPostgres } from '../support/postgres.js';
import { rulesFor, sweepMain } from '../support/sweeping.js';
import { createTestVolume } from '../support/test-volume.js';
import type { TestVolume } from '../support/test-volume.js';

const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.UTC(2026, 10, 1);
/** Two days of footage in hours. */
const HOURS = 48;
const FRONT = 'aaaaaaaaaaaa';

let postgres: TestPostgres;
let databases = 0;
let database: string;
let catalog: Catalog;
let volume: TestVolume;
let clock: ManualClock;
let watch: ClockWatch;
let freeBytes: number;

beforeAll(async () => {
  postgres = await startPostgres();
}, 30_000);
afterAll(async () => {
  await postgres.remove();
});
beforeEach(async () => {
  volume = await createTestVolume();
  database = `blocks_${++databases}`;
  catalog = await openCatalog(await postgres.createDatabase(database), volume);
  clock = new ManualClock(START_MS + HOURS * HOUR_MS);
  watch = new ClockWatch(clock);
  freeBytes = 1_000_000;
});
afterEach(async () => {
  await catalog.close();
  await volume.remove();
});

const hours = (count: number, fields: Partial<SegmentFacts> = {}, run = FRONT): SegmentFacts[] =>
  Array.from({ length: count }, (_, n) => {
    const startMs = (fields.startMs ?? START_MS) + n * HOUR_MS;
    return segmentFacts(run, n, { ...fields, startMs, endMs: startMs + HOUR_MS, bytes: 100 });
  });

async function sweep(
  front: Partial<CameraRules>,
  volumeRules: Partial<VolumeRules> = {},
): Promise<SweepReport> {
  const opened = await Volume.open('main', volume.root);
  const report = await sweepMain({
    catalog,
    volume: {
      id: opened.id,
      root: opened.root,
      verify: () => opened.verify(),
      space: async () => ({ freeBytes }),
    },
    rules: rulesFor({ front }, volumeRules),
    clock,
    clockWatch: watch,
    maxShare: 0.25,
  });
  if (report === undefined) throw new Error('somebody else sweeps');
  return report;
}

const filesLeft = async (): Promise<number> => (await volume.files()).length;
const block = async () => (await catalog.sweeps.blocks())[0];

describe('a sweep that looks wrong', () => {
  const month = { maxAgeMs: 30 * DAY_MS };
  const typo = { maxAgeMs: 30 * 60_000 };

  it('stops itself, says what would have gone, and goes on by itself once the rules are mended', async () => {
    await record(catalog, volume, hours(HOURS));
    expect(await sweep(month)).toMatchObject({ outcome: 'done', segments: 0 });
    clock.advance(60_000);
    expect(await sweep(typo)).toMatchObject({
      outcome: 'share',
      segments: 0,
      tripped: { message: expect.stringContaining('98 % of the footage would be deleted at once') },
    });
    expect(await block()).toMatchObject({
      volume: 'main',
      reason: 'share',
      segments: HOURS - 1,
      bytes: 100 * (HOURS - 1),
      footageBytes: 100 * HOURS,
      plan: [{ camera: 'front', rule: 'maxAge', segments: HOURS - 1 }],
    });
    expect(await sweep(typo)).toMatchObject({ outcome: 'share', tripped: undefined });
    expect(await filesLeft()).toBe(HOURS);
    expect(await sweep(month)).toMatchObject({ outcome: 'done' });
    expect(await block()).toBeUndefined();
  });

  it('carries out what was approved, that and no more, once', async () => {
    await record(catalog, volume, hours(HOURS));
    const day = { maxAgeMs: 24 * HOUR_MS };
    await sweep(day);
    // A day later all of it would be too old: that was not asked.
    clock.advance(DAY_MS);
    await catalog.sweeps.approve('main', 'ann', clock.wallMs());
    expect(await sweep(day)).toMatchObject({ outcome: 'done', segments: 23 });
    expect(await filesLeft()).toBe(HOURS - 23);
    expect(await sweep(day)).toMatchObject({ outcome: 'share', segments: 0 });
    const [deletion] = await catalog.deletions.between('front', START_MS, START_MS + 1, 1);
    expect(deletion).toMatchObject({
      rule: 'maxAge',
      detail: { maxAgeMs: DAY_MS, approvedBy: 'ann', sweep: expect.any(Number) },
    });
  });

  it('takes an approval for the rules that were shown, and asks anew for others', async () => {
    await record(catalog, volume, hours(HOURS));
    await sweep({ maxAgeMs: 24 * HOUR_MS });
    await catalog.sweeps.approve(undefined, 'ann', clock.wallMs());
    expect(await sweep({ maxAgeMs: HOUR_MS })).toMatchObject({ outcome: 'share', segments: 0 });
    expect(await block()).toMatchObject({ approvedAtMs: null, segments: 46 });
    expect(await filesLeft()).toBe(HOURS);
  });

  it('has nothing to approve when nothing waits', async () => {
    await expect(catalog.sweeps.approve('main', 'ann', 1)).rejects.toMatchObject({
      kind: 'not-found',
      message: 'no plan for volume main waits for an approval',
    });
  });

  it('stops when the clock jumps a year ahead, and goes on when it is set right', async () => {
    await record(catalog, volume, hours(HOURS));
    await sweep(month);
    clock.advance(60_000);
    clock.stepWall(365 * DAY_MS);
    expect(await sweep(month)).toMatchObject({ outcome: 'clock', segments: 0 });
    clock.advance(60_000);
    expect(await sweep(month)).toMatchObject({ outcome: 'clock', segments: 0 });
    clock.stepWall(-365 * DAY_MS);
    expect(await sweep(month)).toMatchObject({ outcome: 'done', segments: 0 });
    expect([await filesLeft(), await block()]).toEqual([HOURS, undefined]);
  });

  it('does not believe a machine that comes up a year later, though it records by that clock', async () => {
    await record(catalog, volume, hours(HOURS));
    await sweep(month);
    clock = new ManualClock(clock.wallMs() + 365 * DAY_MS);
    watch = new ClockWatch(clock);
    await record(
      catalog,
      volume,
      hours(2, { startMs: clock.wallMs() - 2 * HOUR_MS }, 'bbbbbbbbbbbb'),
    );
    expect(await sweep(month)).toMatchObject({ outcome: 'clock', segments: 0 });
    // Another start of the worker changes nothing.
    watch = new ClockWatch(clock);
    expect(await sweep(month)).toMatchObject({ outcome: 'clock', segments: 0 });
    expect(await filesLeft()).toBe(HOURS + 2);
    await catalog.sweeps.approve('main', 'ann', clock.wallMs());
    expect(await sweep(month)).toMatchObject({ outcome: 'done', segments: HOURS });
    expect(await sweep(month)).toMatchObject({ outcome: 'done', segments: 0 });
  });

  it('takes what fell due while nobody swept for the ordinary thing it is', async () => {
    await record(catalog, volume, hours(HOURS));
    const twoDays = { maxAgeMs: 2 * DAY_MS };
    await sweep(twoDays);
    clock.advance(20 * HOUR_MS);
    watch = new ClockWatch(clock);
    expect(await sweep(twoDays)).toMatchObject({ outcome: 'done', segments: 19 });
  });

  it('stops when a disk from the shelf, long past its age, lies under the name', async () => {
    await record(catalog, volume, hours(HOURS));
    await sweep(month);
    const old = randomUUID();
    await writeFile(
      join(volume.root, '.nightjar', 'volume.json'),
      JSON.stringify({ id: old, createdAt: '' }),
    );
    await catalog.volumes.register({ id: old, name: 'main', path: volume.root });
    await record(
      catalog,
      { ...volume, id: old },
      hours(HOURS, { startMs: START_MS - 400 * DAY_MS }, 'cccccccccccc'),
    );
    expect(await sweep(month)).toMatchObject({ outcome: 'clock', segments: 0 });
    expect(await filesLeft()).toBe(2 * HOURS);
  });

  it('goes on making room while it waits, but not more than maxShare at once', async () => {
    await record(catalog, volume, hours(HOURS));
    await sweep(month);
    await sweep(typo);
    freeBytes = 700;
    expect(await sweep(typo, { minFreeBytes: 1_000 })).toMatchObject({
      outcome: 'share',
      segments: 3,
    });
    freeBytes = 0;
    expect(await sweep(typo, { minFreeBytes: 2_000 })).toMatchObject({
      outcome: 'share',
      segments: 0,
    });
    expect(await filesLeft()).toBe(HOURS - 3);
  });
});

describe('protected footage', () => {
  it('stays for as long as it is held, and is told to be what is missing', async () => {
    const segments = hours(HOURS);
    await record(catalog, volume, segments);
    const hold = await catalog.holds.add({
      camera: 'front',
      stream: null,
      startMs: START_MS + 2 * HOUR_MS,
      endMs: START_MS + 4 * HOUR_MS,
      owner: 'police',
      reason: 'case 7',
      createdBy: 'ann',
      createdAtMs: clock.wallMs(),
      expiresAtMs: null,
    });
    freeBytes = 0;
    const need = { minFreeBytes: 500 };
    expect(await sweep({}, need)).toMatchObject({ segments: 5, shortBytes: 0 });
    expect((await volume.files()).slice(0, 2)).toEqual([segments[2]?.path, segments[3]?.path]);
    await catalog.holds.release(hold.id, 'bob', clock.wallMs());
    await sweep({}, need);
    expect((await volume.files())[0]).toBe(segments[10]?.path);
    expect(await whyGone(catalog, 'front', START_MS + 2.5 * HOUR_MS, clock.wallMs())).toMatchObject(
      {
        deleted: [
          { rule: 'minFree', detail: { minFreeBytes: 500, freeBytes: 0 }, hash: segments[2]?.hash },
        ],
        holds: [],
        present: [],
      },
    );
  });

  it('is not touched in need: what is missing is told', async () => {
    await record(catalog, volume, hours(HOURS));
    freeBytes = 0;
    const guarantee = { minAgeMs: 45 * HOUR_MS };
    expect(await sweep(guarantee, { minFreeBytes: 1_000 })).toMatchObject({
      segments: 3,
      shortBytes: 700,
    });
    expect(await catalog.sweeps.latest()).toMatchObject([{ shortBytes: 700, segments: 3 }]);
  });

  it('is all that is on a read-only volume; a draining one is emptied by age alone', async () => {
    await record(catalog, volume, hours(HOURS));
    freeBytes = 0;
    const rules = { maxAgeMs: 40 * HOUR_MS };
    expect(await sweep(rules, { state: 'read-only', minFreeBytes: 1_000 })).toMatchObject({
      segments: 0,
    });
    expect(await sweep(rules, { state: 'draining', minFreeBytes: 0 })).toMatchObject({
      segments: 7,
      shortBytes: 0,
    });
  });
});

describe('several workers', () => {
  it('sweep a volume one at a time', async () => {
    await record(catalog, volume, hours(2));
    const opened = await Volume.open('main', volume.root);
    const inside = await catalog.retention.exclusively(opened.id, () =>
      sweepMain({ catalog, volume: opened, rules: rulesFor({}), clock }),
    );
    expect(inside).toBeUndefined();
    expect(await sweepMain({ catalog, volume: opened, rules: rulesFor({}), clock })).toBeDefined();
  });
});

describe('housekeeping', () => {
  it('forgets what nobody asks for any more, and drops empty months', async () => {
    await record(catalog, volume, [
      ...hours(2),
      ...hours(1, { startMs: START_MS + 40 * DAY_MS }, 'dddddddddddd'),
    ]);
    clock.advance(DAY_MS);
    await sweepMain({
      catalog,
      volume: await Volume.open('main', volume.root),
      rules: rulesFor({ front: { maxAgeMs: HOUR_MS } }),
      clock,
    });
    const later = START_MS + 80 * DAY_MS;
    await postgres.query(
      `INSERT INTO gap VALUES (1, to_timestamp(${START_MS / 1000}), to_timestamp(${START_MS / 1000 + 60}), 'crash')`,
      database,
    );
    const count = async (table: string): Promise<number> =>
      (await postgres.query(`SELECT 1 FROM ${table}`, database)).length;
    expect([await count('deletion'), await count('run'), await count('gap')]).toEqual([2, 2, 1]);
    const { housekeeping } = catalog;
    expect(await housekeeping.dropEmptyPartition(later)).toBe('segment_2026_11');
    expect(await housekeeping.dropEmptyPartition(later)).toBeUndefined();
    expect(await housekeeping.forgetRuns(later)).toBe(1);
    const unwanted = (from: number): string =>
      `INSERT INTO unwanted VALUES (1, to_timestamp(${START_MS / 1000 + from}), to_timestamp(${START_MS / 1000 + from + 10}), 'off')`;
    await postgres.query(`${unwanted(20)}; ${unwanted(100)}`, database);
    expect(await housekeeping.forgetUnwanted(later)).toBe(0);
    expect(await housekeeping.forgetGaps(later)).toBe(1);
    // The account begins where the last forgotten gap ended: what lies before is of no use.
    expect(await housekeeping.forgetUnwanted(later)).toBe(1);
    expect(await housekeeping.forgetDeletions(Date.now() - DAY_MS)).toBe(0);
    expect(await housekeeping.forgetDeletions(Date.now() + DAY_MS)).toBeGreaterThanOrEqual(2);
    expect([
      await count('deletion'),
      await count('run'),
      await count('gap'),
      await filesLeft(),
    ]).toEqual([0, 1, 0, 1]);
    // A month that was dropped comes back when footage of it does.
    await record(catalog, volume, hours(1, { startMs: START_MS + HOUR_MS }, 'eeeeeeeeeeee'));
    expect(await filesLeft()).toBe(2);
  });
});
