import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Catalog } from '@nightjar/catalog';
import type { DayCompleteness, JournalRecord, Timeline } from '@nightjar/catalog';
import fc from 'fast-check';
import { createCatalogDataSource } from '../../libs/catalog/src/data-source.js';
import { HOUR_MS, MINUTE_MS, segmentFacts } from '../support/footage.js';
import { startPostgres } from '../support/postgres.js';
import type { TestPostgres } from '../support/postgres.js';

const VOLUME = '6f1f1c9e-7a52-4b53-9a0f-0d7a4f6f2a11';
const RUN = 'aaaaaaaaaaaa';
const DAY_MS = 24 * HOUR_MS;
/** Midnight. */
const MONDAY_MS = Date.UTC(2026, 10, 16);
const FRONT = { camera: 'front', stream: 'main' } as const;
const NEVER = new AbortController().signal;

let postgres: TestPostgres;
let databases = 0;
let database: string;
let catalog: Catalog;
let offset: number;

beforeAll(async () => {
  postgres = await startPostgres();
}, 30_000);
afterAll(async () => {
  await postgres.remove();
});
beforeEach(async () => {
  offset = 0;
  database = `ledger_${++databases}`;
  catalog = new Catalog(await postgres.createDatabase(database), { unavailable: () => undefined });
  await catalog.connect();
  await catalog.volumes.register({ id: VOLUME, name: 'main', path: '/volumes/main' });
});
afterEach(async () => {
  await catalog.close();
});

const feed = (...records: JournalRecord[]): Promise<unknown> =>
  catalog.feed.apply(VOLUME, records, { file: 1, offset: ++offset });
const declared = (atMs: number): JournalRecord => ({ type: 'declared', ...FRONT, atMs });
const withdrawn = (atMs: number): JournalRecord => ({ type: 'withdrawn', ...FRONT, atMs });
const gap = (startMs: number, endMs: number, reason = 'timeout'): JournalRecord => ({
  type: 'gap',
  ...FRONT,
  startMs,
  endMs,
  reason,
});
const unwanted = (startMs: number, endMs: number): JournalRecord => ({
  type: 'unwanted',
  ...FRONT,
  startMs,
  endMs,
  reason: 'schedule',
});
const started = (startedAtMs: number, run = RUN): JournalRecord => ({
  type: 'run-started',
  run,
  ...FRONT,
  volumeId: VOLUME,
  startedAtMs,
});
const ended = (endedAtMs: number, run = RUN): JournalRecord => ({
  type: 'run-ended',
  run,
  ...FRONT,
  endedAtMs,
  reason: 'timeout',
});
/** Segments of a minute from one time to another. */
const footage = (startMs: number, endMs: number, run = RUN, first = 0): JournalRecord[] =>
  Array.from({ length: (endMs - startMs) / MINUTE_MS }, (_, n) => ({
    type: 'segment-closed',
    volumeId: VOLUME,
    ...segmentFacts(run, first + n, { startMs: startMs + n * MINUTE_MS }),
  }));

function timeline(startMs: number, endMs: number, nowMs = endMs): Promise<Timeline> {
  return catalog.timeline.timeline({ ...FRONT, startMs, endMs, nowMs, resolutionMs: 0 });
}

function days(fromDay: string, toDay: string, nowMs: number, timeZone = 'UTC') {
  return catalog.completeness.days({ camera: 'front', fromDay, toDay, timeZone, nowMs });
}

const sumsOf = ({ day, declaredMs, recordedMs, unwantedMs, missingMs }: DayCompleteness) => ({
  day,
  hours: [declaredMs, recordedMs, unwantedMs, missingMs].map((ms) => ms / HOUR_MS),
});

describe('the migrations', () => {
  it('can be undone, each of them, and done again', async () => {
    const url = await postgres.createDatabase(`${database}_undone`);
    const tables = (): Promise<{ name: string }[]> =>
      postgres.query(
        `SELECT format('%s %s', relkind, relname) AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1`,
        `${database}_undone`,
      );
    const source = await createCatalogDataSource(url, () => undefined).initialize();
    await source.runMigrations();
    const before = await tables();
    for (let left = source.migrations.length; left > 0; left--) await source.undoLastMigration();
    // What TypeORM keeps its account in.
    const own = /catalog_migration|PK_/;
    expect((await tables()).filter(({ name }) => !own.test(name))).toEqual([]);
    await source.runMigrations();
    expect(await tables()).toEqual(before);
    await source.destroy();
  });
});

describe('the ledger in the catalog', () => {
  it('is the same however its records are ordered, repeated and grown', async () => {
    const at = (hour: number): number => MONDAY_MS + hour * HOUR_MS;
    const records: JournalRecord[] = [
      declared(at(1)),
      started(at(1)),
      ...footage(at(1), at(2)),
      ended(at(2)),
      gap(at(2), at(2.5)),
      gap(at(2), at(3)),
      unwanted(at(3), at(3.5)),
      unwanted(at(3), at(4)),
      withdrawn(at(4)),
      declared(at(6)),
      declared(at(6.5)),
      gap(at(6), at(7), 'disk-full'),
      unwanted(at(7), at(8)),
    ];
    const expected = {
      recorded: [{ startMs: at(1), endMs: at(2), segments: 60 }],
      gaps: [
        { startMs: at(2), endMs: at(3), reason: 'camera-offline', detail: 'timeout' },
        { startMs: at(6), endMs: at(7), reason: 'disk-full' },
      ],
      unwanted: [
        { startMs: at(3), endMs: at(4), reason: 'schedule' },
        { startMs: at(7), endMs: at(8) },
      ],
      pending: [{ startMs: at(8), endMs: at(9) }],
    };
    const orders = fc.sample(fc.shuffledSubarray(records, { minLength: records.length }), {
      numRuns: 4,
      seed: 1,
    });
    for (const [round, order] of [records, ...orders].entries()) {
      const url = await postgres.createDatabase(`${database}_${round}`);
      const other = new Catalog(url, { unavailable: () => undefined });
      await other.connect();
      await other.volumes.register({ id: VOLUME, name: 'main', path: '/volumes/main' });
      const half = Math.floor(order.length / 2);
      await other.feed.apply(VOLUME, order.slice(0, half), { file: 1, offset: 1 });
      await other.feed.apply(VOLUME, order, { file: 1, offset: 2 });
      const told = await other.timeline.timeline({
        ...FRONT,
        startMs: at(0),
        endMs: at(9),
        nowMs: at(9),
        resolutionMs: 0,
      });
      await other.close();
      expect(told).toMatchObject(expected);
    }
  }, 60_000);

  it('finds a gap and an unwanted span that began long before the range', async () => {
    await feed(
      declared(MONDAY_MS),
      gap(MONDAY_MS, MONDAY_MS + 40 * DAY_MS),
      unwanted(MONDAY_MS + 40 * DAY_MS, MONDAY_MS + 90 * DAY_MS),
    );
    const range = [MONDAY_MS + 39 * DAY_MS, MONDAY_MS + 41 * DAY_MS] as const;
    expect(await timeline(...range)).toMatchObject({
      gaps: [{ startMs: range[0], endMs: MONDAY_MS + 40 * DAY_MS }],
      unwanted: [{ startMs: MONDAY_MS + 40 * DAY_MS, endMs: range[1] }],
    });
  });

  it('is pending while a segment grows, and does not take its losses for the end', async () => {
    const at = (minute: number): number => MONDAY_MS + minute * MINUTE_MS;
    const loss = gap(at(62), at(63), 'packet-loss');
    await feed(declared(at(0)), started(at(0)), ...footage(at(0), at(60)), loss);
    expect(await timeline(at(0), at(70), at(65))).toMatchObject({
      recorded: [{ startMs: at(0), endMs: at(60) }],
      pending: [
        { startMs: at(60), endMs: at(62) },
        { startMs: at(63), endMs: at(65) },
      ],
      gaps: [{ startMs: at(62), endMs: at(63), reason: 'packet-loss' }],
    });
  });

  it('misses what a segment goes on over', async () => {
    const at = (minute: number): number => MONDAY_MS + minute * MINUTE_MS;
    const stalled = gap(at(4.5), at(5), 'stalled');
    await feed(declared(at(0)), started(at(0)), ...footage(at(0), at(10)), stalled, ended(at(10)));
    expect(await timeline(at(0), at(10))).toMatchObject({
      recorded: [
        { startMs: at(0), endMs: at(4.5), segments: 5 },
        { startMs: at(5), endMs: at(10), segments: 5 },
      ],
      gaps: [{ startMs: at(4.5), endMs: at(5), reason: 'camera-offline', detail: 'stalled' }],
    });
    const coarse = { ...FRONT, startMs: at(0), endMs: at(10), nowMs: at(10) };
    expect(await catalog.timeline.timeline({ ...coarse, resolutionMs: MINUTE_MS })).toMatchObject({
      recorded: [{ holes: 1, holesMs: 30_000, segments: 10 }],
      gaps: [{}],
    });
  });

  it('does not take a run whose end was lost for one that goes on', async () => {
    const at = (minute: number): number => MONDAY_MS + minute * MINUTE_MS;
    const next = 'bbbbbbbbbbbb';
    await feed(
      declared(at(0)),
      started(at(0)),
      ...footage(at(0), at(10)),
      started(at(30), next),
      ...footage(at(30), at(40), next),
      ended(at(40), next),
    );
    expect(await timeline(at(0), at(45))).toMatchObject({
      gaps: [{ startMs: at(10), endMs: at(30), reason: 'unknown', detail: undefined }],
      pending: [{ startMs: at(40), endMs: at(45) }],
    });
  });

  it('names the volume that has the end of a run and cannot be read, until it can', async () => {
    const at = (minute: number): number => MONDAY_MS + minute * MINUTE_MS;
    const next = 'bbbbbbbbbbbb';
    const other = '00000000-0000-4000-8000-0000000000ff';
    const found = { id: VOLUME, name: 'main', path: '/footage', state: 'active' };
    const spare = { id: other, name: 'spare', path: '/spare', state: 'active' };
    await catalog.volumes.register(spare);
    await feed(declared(at(0)), started(at(0)), ...footage(at(0), at(10)));
    await catalog.feed.apply(
      other,
      [
        { ...started(at(12), next), volumeId: other } as JournalRecord,
        ended(at(30), next),
        gap(at(12), at(13), 'disk-full'),
        gap(at(30), at(40)),
      ],
      { file: 1, offset: 1 },
    );
    const gaps = async () => (await timeline(at(0), at(40))).gaps.slice(0, 2);
    const broken = { reason: 'disk-error', message: 'I/O error' };
    await catalog.volumes.observe([{ ...found, problem: broken }, spare], new Date());
    expect(await gaps()).toMatchObject([
      { startMs: at(10), endMs: at(12), reason: 'disk-error', detail: 'disk-error' },
      { startMs: at(12), endMs: at(13), reason: 'disk-full' },
    ]);
    // Another disk has its name now.
    await catalog.volumes.observe([spare], new Date());
    expect(await gaps()).toMatchObject([{ reason: 'volume-missing' }, { reason: 'disk-full' }]);
    await catalog.volumes.observe([found, spare], new Date());
    expect(await gaps()).toMatchObject([{ reason: 'unknown' }, { reason: 'disk-full' }]);
    await feed(...footage(at(10), at(12), RUN, 10), ended(at(12)));
    expect((await gaps())[0]).toMatchObject({ startMs: at(12), reason: 'disk-full' });
  });

  it('counts what retention removed as recorded, and what vanished as missing', async () => {
    const at = (minute: number): number => MONDAY_MS + minute * MINUTE_MS;
    await feed(declared(at(0)), started(at(0)), ...footage(at(0), at(10)), ended(at(10)));
    const keys = (...sequences: number[]) =>
      sequences.map((sequence) => ({ run: RUN, sequence, rule: 'maxAge' }));
    await postgres.query(
      `UPDATE segment SET state = 'deleting', delete_rule = 'maxAge' WHERE run_id = '${RUN}' AND sequence < 3`,
      database,
    );
    await catalog.retention.bury(keys(0, 1));
    await catalog.audit.dropMissing(keys(5));
    expect(await timeline(at(0), at(10))).toMatchObject({
      deleted: [{ startMs: at(0), endMs: at(3) }],
      recorded: [
        { startMs: at(3), endMs: at(5), segments: 2 },
        { startMs: at(6), endMs: at(10) },
      ],
      gaps: [{ startMs: at(5), endMs: at(6), reason: 'disk-error', detail: 'file-vanished' }],
    });
  });

  it('takes a stream whose journal is lost for declared since its first file', async () => {
    const at = (minute: number): number => MONDAY_MS + minute * MINUTE_MS;
    const files = [0, 5].map((minute, sequence) =>
      segmentFacts(RUN, sequence, { startMs: at(minute) }),
    );
    await catalog.feed.rebuild(VOLUME, files);
    expect(await timeline(at(-5), at(6))).toMatchObject({
      gaps: [{ startMs: at(1), endMs: at(5), reason: 'unknown' }],
    });
  });
});

describe('completeness', () => {
  const at = (hour: number): number => MONDAY_MS + hour * HOUR_MS;
  const monday = '2026-11-16';
  const tuesday = '2026-11-17';

  /** Monday from six: recorded but for an hour, then off until Tuesday six. */
  async function twoDays(): Promise<void> {
    await feed(
      declared(at(6)),
      started(at(6)),
      ...footage(at(6), at(12)),
      ended(at(12)),
      gap(at(12), at(13)),
      started(at(13), 'bbbbbbbbbbbb'),
      ...footage(at(13), at(18), 'bbbbbbbbbbbb'),
      ended(at(18), 'bbbbbbbbbbbb'),
      unwanted(at(18), at(30)),
      started(at(30), 'cccccccccccc'),
      ...footage(at(30), at(48.5), 'cccccccccccc'),
    );
  }
  const expected = [
    { day: monday, hours: [18, 11, 6, 1] },
    { day: tuesday, hours: [24, 18, 6, 0] },
  ];

  it('sums the days of a camera, kept or not, in any time zone', async () => {
    await twoDays();
    const nowMs = at(48.5);
    const live = await days(monday, '2026-11-20', nowMs);
    expect(live.map(sumsOf)).toEqual([...expected, { day: '2026-11-18', hours: [0.5, 0.5, 0, 0] }]);
    expect(live[0]?.missing).toEqual({ 'camera-offline': HOUR_MS });
    expect(await catalog.completeness.rollUp(nowMs, NEVER, () => undefined)).toBe(2);
    expect(await days(monday, '2026-11-20', nowMs)).toEqual(live);
    // In Tokyo the day begins nine hours before.
    const tokyo = await days(monday, tuesday, nowMs, 'Asia/Tokyo');
    expect(tokyo.map(sumsOf)).toEqual([
      { day: monday, hours: [9, 8, 0, 1] },
      { day: tuesday, hours: [24, 12, 12, 0] },
    ]);
  });

  it('keeps the sums when the facts are gone, and makes nothing twice', async () => {
    await twoDays();
    await catalog.completeness.rollUp(at(48.5), NEVER, () => undefined);
    expect(await catalog.completeness.rollUp(at(48.5), NEVER, () => undefined)).toBe(0);
    await postgres.query('TRUNCATE segment, gap, unwanted', database);
    expect((await days(monday, tuesday, at(48.5))).map(sumsOf)).toEqual(expected);
  });

  it('does not make a day anew of which gaps or deletions are forgotten', async () => {
    await twoDays();
    await catalog.completeness.rollUp(at(48.5), NEVER, () => undefined);
    await postgres.query('DELETE FROM gap', database);
    await feed(gap(at(12), at(12.1), 'disk-full'));
    expect(await catalog.completeness.rollUp(at(48.5), NEVER, () => undefined)).toBe(0);
    expect((await days(monday, tuesday, at(48.5))).map(sumsOf)).toEqual(expected);
    // What is not known any more is not called missing either.
    expect((await timeline(at(10), at(14))).gaps).toEqual([]);
  });

  it('makes a day anew when facts of it come late', async () => {
    await twoDays();
    await catalog.completeness.rollUp(at(48.5), NEVER, () => undefined);
    await feed(started(at(12), 'dddddddddddd'), ...footage(at(12), at(12.5), 'dddddddddddd'));
    const mended = [{ day: monday, hours: [18, 11.5, 6, 0.5] }, expected[1]];
    expect((await days(monday, tuesday, at(48.5))).map(sumsOf)).toEqual(mended);
    expect(await catalog.completeness.rollUp(at(48.5), NEVER, () => undefined)).toBe(1);
    expect((await days(monday, tuesday, at(48.5))).map(sumsOf)).toEqual(mended);
  });

  it('does not keep a day of which facts may still be on their way', async () => {
    await feed(declared(at(0)), started(at(0)), ...footage(at(0), at(23.5)));
    expect(await catalog.completeness.rollUp(at(24.1), NEVER, () => undefined)).toBe(0);
    const [open] = await days(monday, monday, at(24.1));
    expect(open).toMatchObject({ recordedMs: 23.5 * HOUR_MS, pendingMs: HOUR_MS / 2 });
    await feed(...footage(at(23.5), at(24.2), RUN, 1_410));
    expect(await catalog.completeness.rollUp(at(24.2), NEVER, () => undefined)).toBe(1);
  });

  it('loses no late fact to a roll-up that runs at the same time', async () => {
    await twoDays();
    const late = Array.from({ length: 30 }, (_, n) =>
      footage(at(12) + n * MINUTE_MS, at(12) + (n + 1) * MINUTE_MS, 'dddddddddddd', n),
    );
    const progress = { fed: 0 };
    const feeding = (async () => {
      for (const records of late) {
        await feed(...records);
        progress.fed += 1;
      }
    })();
    while (progress.fed < late.length)
      await catalog.completeness.rollUp(at(48.5), NEVER, () => undefined);
    await feeding;
    await catalog.completeness.rollUp(at(48.5), NEVER, () => undefined);
    const [kept] = await days(monday, monday, at(48.5));
    expect(kept?.recordedMs).toBe(11.5 * HOUR_MS);
    const stale = await postgres.query('SELECT 1 FROM completeness WHERE stale', database);
    expect(stale).toEqual([]);
  });

  it('stops between two days when it is told to', async () => {
    await twoDays();
    const stop = new AbortController();
    stop.abort();
    expect(await catalog.completeness.rollUp(at(48.5), stop.signal, () => undefined)).toBe(0);
  });
});
