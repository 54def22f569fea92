import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Catalog } from '@nightjar/catalog';
import type { JournalRecord } from '@nightjar/catalog';
import { systemClock } from '@nightjar/common';
import fc from 'fast-check';
import { EPOCH_MS, MINUTE_MS, segmentFacts } from '../support/footage.js';
import { startPostgres } from '../support/postgres.js';
import type { TestPostgres } from '../support/postgres.js';

const VOLUME = '6f1f1c9e-7a52-4b53-9a0f-0d7a4f6f2a11';
const RUN = 'aaaaaaaaaaaa';

let postgres: TestPostgres;
let databases = 0;
let url: string;
let catalog: Catalog;
let complaints: string[];

beforeAll(async () => {
  postgres = await startPostgres();
}, 30_000);

afterAll(async () => {
  await postgres.remove();
});

beforeEach(async () => {
  url = await postgres.createDatabase(`feed_${++databases}`);
  complaints = [];
  catalog = new Catalog(url, { unavailable: (reason) => complaints.push(reason) });
  await catalog.connect();
  await catalog.volumes.register({ id: VOLUME, name: 'main', path: '/volumes/main' });
});

afterEach(async () => {
  await catalog.close();
});

const started: JournalRecord = {
  type: 'run-started',
  run: RUN,
  camera: 'front',
  stream: 'main',
  volumeId: VOLUME,
  startedAtMs: EPOCH_MS,
};
const closed = (sequence: number, run = RUN): JournalRecord => ({
  type: 'segment-closed',
  volumeId: VOLUME,
  ...segmentFacts(run, sequence),
});
const count = async (table: string): Promise<number> => {
  const rows = await postgres.query<{ n: number }>(
    `SELECT count(*)::integer AS n FROM ${table}`,
    url.split('/').at(-1),
  );
  return rows[0]?.n ?? -1;
};

describe('migrations', () => {
  it('give every mapped column the type that the mapping says', async () => {
    const { ENTITIES } = await import('../../libs/catalog/src/entities.js');
    const columns = await postgres.query<{ key: string; type: string; nullable: boolean }>(
      `SELECT table_name || '.' || column_name AS key, is_nullable = 'YES' AS nullable,
         CASE data_type WHEN 'timestamp with time zone' THEN 'timestamptz' WHEN 'ARRAY' THEN 'text' ELSE data_type END AS type
       FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'stream_declaration' AND table_name !~ '_migration$|^segment_'`,
      url.split('/').at(-1),
    );
    const mapped = ENTITIES.flatMap(({ options }) =>
      Object.entries(options.columns).map(([property, column]) => ({
        key: `${options.name}.${column?.name ?? property}`,
        type: String(column?.type),
        nullable: column?.nullable === true,
      })),
    );
    const byKey = (a: { key: string }, b: { key: string }): number => a.key.localeCompare(b.key);
    expect(mapped.toSorted(byKey)).toEqual(columns.toSorted(byKey));
  });
});

describe('CatalogFeed', () => {
  it('stores the same records once however often they arrive', async () => {
    const gap: JournalRecord = {
      type: 'gap',
      camera: 'front',
      stream: 'main',
      startMs: EPOCH_MS + 180_000,
      endMs: EPOCH_MS + 200_000,
      reason: 'camera-offline',
    };
    const ended: JournalRecord = {
      type: 'run-ended',
      run: RUN,
      camera: 'front',
      stream: 'main',
      endedAtMs: EPOCH_MS + 180_000,
      reason: 'timeout',
    };
    const records = [started, closed(0), closed(1), closed(1), closed(2), ended, gap];

    const first = await catalog.feed.apply(VOLUME, records, { file: 1, offset: 700 });
    expect(first).toEqual({ applied: true, newSegments: 3, rejected: 0 });
    expect(await catalog.feed.apply(VOLUME, records, { file: 1, offset: 700 })).toMatchObject({
      applied: false,
    });
    // A journal read from its start again, under a new name: the keys alone keep it single.
    expect(await catalog.feed.apply(VOLUME, records, { file: 2, offset: 700 })).toEqual({
      applied: true,
      newSegments: 0,
      rejected: 0,
    });

    expect([
      await count('run'),
      await count('segment'),
      await count('gap'),
      await count('camera'),
    ]).toEqual([1, 3, 1, 1]);
    expect(await catalog.feed.cursor(VOLUME)).toEqual({ file: 2, offset: 700 });
  });

  it('makes the run of a segment whose start record was lost, and a partition per month', async () => {
    const december = segmentFacts('bbbbbbbbbbbb', 0, {
      runStartMs: Date.UTC(2026, 11, 31, 23, 59, 30),
    });
    const january = segmentFacts('bbbbbbbbbbbb', 1, { startMs: Date.UTC(2027, 0, 1, 0, 0, 30) });
    const records = [december, january].map((facts): JournalRecord => ({
      type: 'segment-closed',
      volumeId: VOLUME,
      ...facts,
    }));
    await catalog.feed.apply(VOLUME, records, { file: 1, offset: 1 });
    expect([
      await count('run'),
      await count('segment_2026_12'),
      await count('segment_2027_01'),
    ]).toEqual([1, 1, 1]);
  });

  it('leaves out what cannot be stored and goes on', async () => {
    const broken = { ...closed(1), bytes: -1 } as JournalRecord;
    const future = {
      type: 'volume-painted',
      camera: 'front',
      stream: 'main',
    } as unknown as JournalRecord;
    const result = await catalog.feed.apply(VOLUME, [started, broken, future, closed(2)], {
      file: 1,
      offset: 9,
    });
    expect(result).toEqual({ applied: true, newSegments: 1, rejected: 2 });
  });

  it('stores whatever it takes for storable', async () => {
    const usual = fc
      .tuple(fc.nat(10_000_000_000), fc.double({ min: 0, max: 1, noNaN: true }))
      .map(([ms, fraction]) => EPOCH_MS + ms + fraction);
    const odd = fc.constantFrom(-1, 0, 5e-324, 1, Number.NaN, 253_402_300_799_999, 1e15);
    const time = fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: odd });
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 5 });
    const line = fc.record({
      type: fc.constantFrom('run-started', 'segment-closed', 'run-ended', 'gap'),
      camera: text,
      stream: text,
      run: fc.constantFrom(RUN, 'bbbbbbbbbbbb', 'x'),
      sequence: fc.nat(9),
      path: text,
      hash: text,
      reason: text,
      codecs: fc.array(text, { maxLength: 2 }),
      recovered: fc.constantFrom(true, false, false, undefined),
      bytes: fc.integer({ min: -1, max: 100 }),
      keyframes: fc.oneof(fc.nat(9), fc.double()),
      startMs: time,
      endMs: time,
      startedAtMs: time,
      endedAtMs: time,
    });
    const samples = fc.sample(line, { numRuns: 1_500, seed: 1 }) as unknown as JournalRecord[];
    let rejected = 0;
    for (let at = 0; at < samples.length; at += 100) {
      const cursor = { file: 1, offset: at + 100 };
      const result = await catalog.feed.apply(VOLUME, samples.slice(at, at + 100), cursor);
      rejected += result.rejected;
    }
    expect(rejected).toBeGreaterThan(50);
    expect(rejected).toBeLessThan(samples.length - 50);
    expect(await count('segment')).toBeGreaterThan(3);
  });

  it('lets two feeders of one volume work at the same time', async () => {
    const batches = Array.from({ length: 20 }, (_, n) => ({
      records: [closed(n)],
      cursor: { file: 1, offset: n + 1 },
    }));
    await Promise.all(
      [1, 2].map(async () => {
        for (const { records, cursor } of batches)
          await catalog.feed.apply(VOLUME, records, cursor);
      }),
    );
    expect(await count('segment')).toBe(20);
  });

  it('makes the partition of a new month without standing in the way of whoever tells of the volume', async () => {
    const database = url.split('/').at(-1);
    const waitUntil = (condition: string): string =>
      `DO $$ BEGIN WHILE NOT (${condition}) LOOP PERFORM pg_sleep(0.01); END LOOP; END $$`;
    const waits = `EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'advisory')`;
    await postgres.query('CREATE TABLE told ()', database);
    // Somebody else makes a partition until the volume was told of.
    const other = postgres.query(
      `SELECT pg_advisory_lock(hashtext('nightjar.segment-partition'));` +
        waitUntil('EXISTS (SELECT FROM told)'),
      database,
    );
    await postgres.query(
      waitUntil(`EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted)`),
      database,
    );
    const fed = catalog.feed.apply(VOLUME, [started, closed(0)], { file: 1, offset: 1 });
    await postgres.query(waitUntil(waits), database);
    const status = { id: VOLUME, name: 'main', path: '/volumes/main', state: 'active' };
    await catalog.volumes.observe([status], new Date(EPOCH_MS));
    await postgres.query('INSERT INTO told DEFAULT VALUES', database);
    await other;
    expect(await fed).toMatchObject({ applied: true, newSegments: 1 });
  });

  it('refuses a volume nobody registered', async () => {
    const unknown = '00000000-0000-4000-8000-000000000000';
    await expect(
      catalog.feed.apply(unknown, [started], { file: 1, offset: 1 }),
    ).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('loses nothing and doubles nothing when PostgreSQL stops and returns in the middle', async () => {
    const journal = Array.from({ length: 40 }, (_, n) => closed(n));
    const outages: string[] = [];
    let next = 0;
    let stopping: Promise<void> | undefined;
    while (next < journal.length) {
      if (next === 13 && stopping === undefined) stopping = postgres.stop();
      try {
        await catalog.feed.apply(VOLUME, journal.slice(next, next + 1), {
          file: 1,
          offset: next + 1,
        });
        next = (await catalog.feed.cursor(VOLUME)).offset;
      } catch (error) {
        outages.push((error as { kind: string }).kind);
        await stopping;
        if (outages.length === 3) await postgres.start();
      }
    }
    expect(new Set(outages)).toEqual(new Set(['unavailable']));
    expect(await count('segment')).toBe(40);
    expect(complaints.join()).not.toContain('test-secret');
  });
});

describe('Catalog.connectEventually', () => {
  it('waits for a database that is not there yet, and can be stopped', async () => {
    const absent = new Catalog('postgres://nightjar:test-secret@127.0.0.1:9/none', {
      unavailable: (reason) => complaints.push(reason),
    });
    const stop = new AbortController();
    const connecting = absent.connectEventually(systemClock, stop.signal);
    await expect(absent.feed.cursor(VOLUME)).rejects.toMatchObject({ kind: 'unavailable' });
    stop.abort();
    await expect(connecting).rejects.toMatchObject({ kind: 'cancelled' });
    expect(complaints.join()).not.toContain('test-secret');
  });
});

describe('TimelineRepository', () => {
  it('merges segments into spans, clips them to the range and lists the gaps', async () => {
    const second = 'cccccccccccc';
    const later = EPOCH_MS + 10 * MINUTE_MS;
    await catalog.feed.apply(
      VOLUME,
      [
        closed(0),
        closed(1),
        {
          type: 'segment-closed',
          volumeId: VOLUME,
          ...segmentFacts(second, 0, { runStartMs: later }),
        },
        {
          type: 'gap',
          camera: 'front',
          stream: 'main',
          startMs: EPOCH_MS + 2 * MINUTE_MS,
          endMs: later,
          reason: 'camera-offline',
        },
      ],
      { file: 1, offset: 1 },
    );
    const timeline = await catalog.timeline.timeline({
      camera: 'front',
      stream: 'main',
      startMs: EPOCH_MS + 30_000,
      endMs: later + 30_000,
      nowMs: later + 60_000,
      resolutionMs: 0,
    });
    const whole = { holes: 0, holesMs: 0 };
    expect(timeline).toEqual({
      recorded: [
        {
          startMs: EPOCH_MS + 30_000,
          endMs: EPOCH_MS + 2 * MINUTE_MS,
          ...whole,
          segments: 2,
          bytes: 2_000,
        },
        { startMs: later, endMs: later + 30_000, ...whole, segments: 1, bytes: 1_000 },
      ],
      gaps: [
        {
          startMs: EPOCH_MS + 2 * MINUTE_MS,
          endMs: later,
          reason: 'camera-offline',
          detail: 'camera-offline',
          stretches: 1,
          missingMs: 8 * MINUTE_MS,
        },
      ],
      deleted: [],
      unwanted: [],
      pending: [],
    });
    expect(await catalog.timeline.streams()).toEqual([
      {
        camera: 'front',
        stream: 'main',
        oldestMs: EPOCH_MS,
        newestMs: later + MINUTE_MS,
      },
    ]);
  });
});
