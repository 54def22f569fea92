import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Catalog,
  EventConnection,
  OWN_SOURCE,
  type CameraEvent,
  type EventDetails,
  type JournalRecord,
  type RecordingOverride,
} from '@nightjar/catalog';
import { NightjarError, systemClock } from '@nightjar/common';
import { EventBus, EventListener, type EventReport } from '@nightjar/events';
import { EPOCH_MS, MINUTE_MS, segmentFacts } from '../support/footage.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';

const SLOW_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

let postgres: TestPostgres;
let databases = 0;
let url: string;
let catalog: Catalog;

beforeAll(async () => {
  postgres = await startPostgres();
}, SLOW_MS);
afterAll(() => postgres.remove());
beforeEach(async () => {
  url = await postgres.createDatabase(`events_${++databases}`);
  catalog = new Catalog(url, { unavailable: () => undefined });
  await catalog.connect();
});
afterEach(() => catalog.close());

const sql = <Row>(text: string): Promise<Row[]> => postgres.query(text, url.split('/').at(-1));
const event = (id: string, startMs: number, endMs?: number, more = {}): EventDetails => ({
  id,
  camera: 'front',
  stream: undefined,
  type: 'motion',
  source: 'api',
  startMs,
  endMs,
  label: undefined,
  data: undefined,
  ...more,
});
const ids = (events: readonly CameraEvent[]): string[] => events.map(({ id }) => id);
const begin = (one: EventDetails, supersedes = false): Promise<EventDetails> =>
  catalog.events.begin(one, { supersedes });
const all = (startMs = EPOCH_MS - DAY_MS, endMs = EPOCH_MS + 2 * DAY_MS): Promise<EventDetails[]> =>
  catalog.events.inRange({ camera: 'front', startMs, endMs, types: undefined, limit: 100 });

it('undoes its migration, and does it again', async () => {
  const { createCatalogDataSource } = await import('../../libs/catalog/src/data-source.js');
  const { CreateEvents } = await import('../../libs/catalog/src/migrations/0003-create-events.js');
  const source = createCatalogDataSource(url, () => undefined);
  await source.initialize();
  const runner = source.createQueryRunner();
  const left = (): Promise<unknown[]> =>
    sql(`SELECT relname FROM pg_class WHERE relname ~ '^(event|recording_override)'`);
  const before = await left();
  await new CreateEvents().down(runner);
  expect(await left()).toEqual([]);
  await new CreateEvents().up(runner);
  expect(await left()).toHaveLength(before.length);
  await runner.release();
  await source.destroy();
});

describe("Nightjar's own events", () => {
  const VOLUME = '6f1f1c9e-7a52-4b53-9a0f-0d7a4f6f2a11';
  const OF = { camera: 'front', stream: 'main' };
  const away = (startMs: number, more: object = {}): JournalRecord => ({
    type: 'event',
    ...OF,
    id: 'away-1',
    event: 'camera-offline',
    startMs,
    label: 'refused',
    ...more,
  });
  let offset = 0;
  const feed = async (...records: JournalRecord[]): Promise<void> => {
    const cursor = { file: 0, offset: (offset += 100) };
    const { applied, rejected } = await catalog.feed.apply(VOLUME, records, cursor);
    expect([applied, rejected]).toEqual([true, 0]);
  };
  const stored = (endMs?: number, more = {}): EventDetails =>
    event('away-1', EPOCH_MS, endMs, {
      stream: 'main',
      type: 'camera-offline',
      source: OWN_SOURCE,
      label: 'refused',
      ...more,
    });
  beforeEach(async () => {
    offset = 0;
    await catalog.volumes.register({ id: VOLUME, name: 'main', path: '/volumes/main' });
  });

  it('are rows once however often they are told, as they were told last', async () => {
    await feed(away(EPOCH_MS));
    expect(await all()).toEqual([stored()]);
    const login = { label: 'unauthorized', data: { loginRefusals: 2 } };
    await feed(away(EPOCH_MS), away(EPOCH_MS, login));
    expect(await all()).toEqual([stored(undefined, login)]);
    expect(await catalog.events.ongoing()).toEqual([stored(undefined, login)]);
    await feed(away(EPOCH_MS, { ...login, endMs: EPOCH_MS + 5_000 }), away(EPOCH_MS));
    await feed(away(EPOCH_MS));
    expect(await all()).toEqual([stored(EPOCH_MS + 5_000, login)]);
    expect(await catalog.events.ongoing()).toEqual([]);
  });

  it('are stored with the place in the journal, or not at all', async () => {
    await postgres.query('DROP TABLE event CASCADE', url.split('/').at(-1));
    await expect(
      catalog.feed.apply(VOLUME, [away(EPOCH_MS)], { file: 0, offset: 100 }),
    ).rejects.toMatchObject({ kind: 'internal' });
    expect(await catalog.feed.cursor(VOLUME)).toEqual({ file: 0, offset: 0 });
  });

  it('are over when who told them is no more, those that began later and those of others not', async () => {
    await begin(event('motion', EPOCH_MS));
    await feed(
      away(EPOCH_MS),
      { type: 'events-over', ...OF, atMs: EPOCH_MS + 1_000 },
      away(EPOCH_MS + 2_000, { id: 'away-2' }),
      { type: 'events-over', camera: 'front', stream: 'sub', atMs: EPOCH_MS + 9_000 },
    );
    expect((await all()).map(({ id, endMs }) => [id, endMs])).toEqual([
      ['away-1', EPOCH_MS + 1_000],
      ['motion', undefined],
      ['away-2', undefined],
    ]);
  });

  it('are ended by nobody else, and heard by nobody who records', async () => {
    await feed(away(EPOCH_MS));
    const end = { camera: 'front', stream: undefined, atMs: EPOCH_MS + 1 };
    expect(await catalog.events.end({ ...end, id: undefined, type: 'camera-offline' })).toEqual([]);
    expect(await catalog.events.end({ ...end, id: 'away-1', type: undefined })).toEqual([stored()]);
    const notices: string[] = [];
    const connection = await EventConnection.open(url, {
      notified: () => notices.push('notified'),
      ended: () => undefined,
    });
    expect(await connection.eventsSince(EPOCH_MS - DAY_MS)).toEqual([]);
    expect(await connection.eventsAfter(0, 10)).toEqual([]);
    await connection.close();
  });

  it('and bad lines of them are left out', async () => {
    const bad = [
      away(EPOCH_MS, { id: '' }),
      away(EPOCH_MS, { event: 7 }),
      away(EPOCH_MS, { endMs: EPOCH_MS - 1 }),
      away(EPOCH_MS, { label: 'a\0' }),
      away(EPOCH_MS, { data: [1] }),
      away(EPOCH_MS, { data: { a: { b: 1 } } }),
      away(EPOCH_MS, { data: { a: '\ud800' } }),
    ];
    const { rejected } = await catalog.feed.apply(VOLUME, bad, { file: 0, offset: 100 });
    expect([rejected, await all()]).toEqual([bad.length, []]);
  });
});

describe('events in the catalog', () => {
  it('are stored once, with all that was said of them', async () => {
    const said = event('a', EPOCH_MS + 0.25, EPOCH_MS + 5, {
      stream: 'main',
      label: 'a cat 🐈',
      data: { score: 0.9, box: [1, 2] },
    });
    expect(await begin(said)).toEqual(said);
    expect(await begin({ ...said, label: 'a dog', startMs: EPOCH_MS + 99 })).toEqual(said);
    expect(await all()).toEqual([said]);
    // The same id at another camera is another event.
    await begin({ ...said, camera: 'back' });
    expect(await sql('SELECT id FROM event')).toHaveLength(2);
  });

  it('end by id once, not before their start, and not after a day', async () => {
    await begin(event('a', EPOCH_MS));
    const end = (id: string, atMs: number): Promise<EventDetails[]> =>
      catalog.events.end({ camera: 'front', id, type: undefined, stream: undefined, atMs });
    expect(await end('a', EPOCH_MS + 500)).toEqual([event('a', EPOCH_MS, EPOCH_MS + 500)]);
    expect(await end('a', EPOCH_MS + 900)).toEqual([event('a', EPOCH_MS, EPOCH_MS + 500)]);
    await begin(event('b', EPOCH_MS));
    expect(await end('b', EPOCH_MS - 7)).toEqual([event('b', EPOCH_MS, EPOCH_MS)]);
    await begin(event('c', EPOCH_MS));
    expect(await end('c', EPOCH_MS + 9 * DAY_MS)).toEqual([
      event('c', EPOCH_MS, EPOCH_MS + DAY_MS),
    ]);
    await expect(end('nobody', EPOCH_MS)).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('end all of a type at once, and take the place of what their sender left open', async () => {
    await begin(event('a', EPOCH_MS), true);
    await begin(event('other type', EPOCH_MS, undefined, { type: 'door' }), true);
    await begin(event('other source', EPOCH_MS, undefined, { source: 'file' }), true);
    await begin(event('b', EPOCH_MS + 1_000), true);
    expect((await all()).filter(({ endMs }) => endMs !== undefined)).toEqual([
      event('a', EPOCH_MS, EPOCH_MS + 1_000),
    ]);
    const end = { camera: 'front', id: undefined, type: 'motion', stream: undefined };
    expect(ids(await catalog.events.end({ ...end, atMs: EPOCH_MS + 2_000 }))).toEqual([
      'other source',
      'b',
    ]);
    expect(await catalog.events.end({ ...end, atMs: EPOCH_MS + 3_000 })).toEqual([]);
  });

  it('that a source left open end when it is back, and those of others go on', async () => {
    await begin(event('motion', EPOCH_MS, undefined, { source: 'onvif' }));
    await begin(event('tamper', EPOCH_MS, undefined, { source: 'onvif', type: 'tamper' }));
    await begin(event('of the api', EPOCH_MS));
    const bus = new EventBus(catalog.events, systemClock);
    expect(ids(await bus.endLeft({ camera: 'front', source: 'onvif' }))).toEqual([
      'motion',
      'tamper',
    ]);
    expect(ids((await all()).filter(({ endMs }) => endMs === undefined))).toEqual(['of the api']);
    expect(await bus.endLeft({ camera: 'front', source: 'onvif' })).toEqual([]);
  });

  it('are found by the range that they overlap, open ones included, along an index', async () => {
    await begin(event('before', EPOCH_MS - HOUR_MS, EPOCH_MS - 1));
    await begin(event('into', EPOCH_MS - HOUR_MS, EPOCH_MS + 1));
    await begin(event('open', EPOCH_MS - 2 * HOUR_MS));
    await begin(event('inside', EPOCH_MS + 5, EPOCH_MS + 5));
    await begin(event('after', EPOCH_MS + 10));
    await begin(event('elsewhere', EPOCH_MS, EPOCH_MS + 1, { camera: 'back' }));
    expect(ids(await all(EPOCH_MS, EPOCH_MS + 10))).toEqual(['open', 'into', 'inside']);
    await sql("INSERT INTO camera (name) SELECT 'camera-' || n FROM generate_series(1, 40) n");
    await sql(`INSERT INTO event (camera_id, id, type, source, start_at, end_at, change)
      SELECT 1 + n % 40, 'many-' || n, 'motion', 'api', now() - n * interval '1 minute', now() - n * interval '1 minute', 1000 + n
      FROM generate_series(1, 20000) n`);
    await sql('ANALYZE event');
    const plan = await sql<{ 'QUERY PLAN': string }>(
      `EXPLAIN SELECT e.id FROM event e JOIN camera c ON c.id = e.camera_id WHERE c.name = 'camera-7'
       AND e.start_at >= now() - interval '2 days' AND e.start_at < now() - interval '1 day'
       AND coalesce(e.end_at, 'infinity') >= now() - interval '1 day' ORDER BY e.start_at LIMIT 100`,
    );
    const words = plan.map((row) => row['QUERY PLAN']).join('\n');
    expect(words).toMatch(/Index.* on event e/);
    expect(words).not.toContain('Seq Scan on event');
  });

  it('whose end was lost are ended; old ones without footage are forgotten', async () => {
    const volumeId = '6f1f1c9e-7a52-4b53-9a0f-0d7a4f6f2a11';
    await catalog.volumes.register({ id: volumeId, name: 'main', path: '/v' });
    await catalog.feed.rebuild(volumeId, [segmentFacts('aaaaaaaaaaaa', 0)]);
    await begin(event('with footage', EPOCH_MS + 100, EPOCH_MS + 200));
    await begin(event('without', EPOCH_MS - HOUR_MS, EPOCH_MS - HOUR_MS + 5));
    await begin(event('lost', EPOCH_MS - DAY_MS - 1));
    await begin(event('open', EPOCH_MS - DAY_MS + HOUR_MS));
    expect(await catalog.events.endLost(EPOCH_MS)).toBe(1);
    expect(await catalog.events.forget(EPOCH_MS + HOUR_MS, 1)).toBe(1);
    expect(await catalog.events.forget(EPOCH_MS + HOUR_MS, 10)).toBe(1);
    expect(ids(await all(EPOCH_MS - 9 * DAY_MS))).toEqual(['open', 'with footage']);
  });
});

describe('overrides in the catalog', () => {
  const NOW_MS = Date.now();
  const override = (
    action: RecordingOverride['action'],
    stream?: string,
    untilMs?: number,
  ): RecordingOverride => ({
    camera: 'front',
    stream,
    action,
    untilMs,
    reason: 'because',
    setBy: 'anna',
    setAtMs: NOW_MS,
  });
  const list = async (): Promise<string[]> =>
    (await catalog.overrides.list('front')).map(
      ({ action, stream }) => `${stream ?? '*'} ${action}`,
    );

  it('stand one for each stream, privacy beside the others', async () => {
    await catalog.overrides.set(override('record', 'main', NOW_MS + HOUR_MS));
    await catalog.overrides.set(override('stop', 'main'));
    await catalog.overrides.set(override('privacy', 'main'));
    await catalog.overrides.set(override('privacy', undefined, NOW_MS + HOUR_MS));
    expect(await list()).toEqual(['main stop', 'main privacy', '* privacy']);
    expect(await catalog.overrides.list()).toContainEqual(override('stop', 'main'));
    await catalog.overrides.set(override('record'));
    expect(await list()).toEqual(['main privacy', '* privacy', '* record']);
    await catalog.overrides.clear('front', 'main');
    expect(await list()).toEqual(['* privacy', '* record']);
    await catalog.overrides.clear('front', undefined);
    expect(await list()).toEqual([]);
  });

  it('are one, however many are set at the same time; those that ended long ago go', async () => {
    await catalog.overrides.set(override('stop', 'old', NOW_MS - 2 * HOUR_MS));
    await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        catalog.overrides.set(override(n % 2 ? 'stop' : 'record')),
      ),
    );
    expect(await list()).toHaveLength(1);
  });
});

describe('who listens', () => {
  let told: string[];
  let listener: EventListener;
  let bus: EventBus;
  const said: (readonly RecordingOverride[])[] = [];
  const publish = (id: string, report: Partial<EventReport> = {}): Promise<EventDetails[]> =>
    bus.publish(
      { type: 'motion', state: 'pulse', id, ...report },
      { camera: 'front', source: 'api' },
    );
  /** Who has waited too long for one of the few connections says the same again. */
  const publishInTheEnd = async (id: string): Promise<void> => {
    for (;;) {
      const outcome = await publish(id).catch((error: NightjarError) => error);
      if (!(outcome instanceof NightjarError)) return;
      if (outcome.kind !== 'unavailable') throw outcome;
    }
  };
  const listen = (): EventListener =>
    new EventListener({
      subscribe: (handlers) => EventConnection.open(url, handlers),
      audience: {
        event: ({ id, endMs }) => told.push(endMs === undefined ? `${id} begins` : id),
        overrides: (overrides) => said.push(overrides),
        heard: (heard) => told.push(heard ? 'heard' : 'unheard'),
      },
      lookBackMs: HOUR_MS,
      clock: systemClock,
      log: { info: () => undefined, warn: () => undefined },
    });

  beforeEach(() => {
    told = [];
    said.length = 0;
    bus = new EventBus(catalog.events, systemClock);
    listener = listen();
  });
  afterEach(() => listener.stop());

  it('gets what is published, in order, and what is said about recording', async () => {
    await publish('before');
    await publish('long before', { at: Date.now() - 2 * HOUR_MS });
    listener.start();
    await until(() => told.includes('heard'));
    expect(told).toEqual(['before', 'heard']);
    await publish('a', { state: 'begin' });
    await publish('a', { state: 'end' });
    await publish('b');
    await until(() => told.includes('b'));
    expect(told.filter((line) => line !== 'before')).toEqual(
      told.includes('a begins') ? ['heard', 'a begins', 'a', 'b'] : ['heard', 'a', 'b'],
    );
    await catalog.overrides.set({
      camera: 'front',
      stream: undefined,
      action: 'privacy',
      untilMs: undefined,
      reason: undefined,
      setBy: 'anna',
      setAtMs: 5,
    });
    await until(() => said.length === 2);
    expect(said.at(-1)).toEqual([expect.objectContaining({ action: 'privacy', setBy: 'anna' })]);
  });

  it('loses nothing of many who publish at once', async () => {
    listener.start();
    await until(() => told.includes('heard'));
    const names = Array.from({ length: 200 }, (_, n) => `e${n}`);
    await Promise.all(names.map((id) => publishInTheEnd(id)));
    await until(() => new Set(told).size > names.length);
    expect(new Set(told)).toEqual(new Set(['heard', ...names]));
  });

  it(
    'is told what was missed while the connection was away, before it is said that events are heard again',
    async () => {
      listener.start();
      await until(() => told.includes('heard'));
      await publish('a');
      await until(() => told.includes('a'));
      await postgres.stop();
      await until(() => told.at(-1) === 'unheard');
      await expect(publish('lost')).rejects.toMatchObject({ kind: 'unavailable' });
      await postgres.start();
      // Whoever is faster: what is published before the listener is back is missed by it, and told all the same.
      await publish('b');
      await publish('c');
      await until(() => told.includes('c') && told.at(-1) !== 'unheard', 20_000);
      expect(told.filter((line) => /^[abc]$/.test(line))).toEqual(['a', 'b', 'c']);
      expect(told.filter((line) => line === 'heard')).toHaveLength(2);
    },
    SLOW_MS,
  );

  it('notices a connection that is cut, and makes another', async () => {
    listener.start();
    await until(() => told.includes('heard'));
    await sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'nightjar-events'
       AND datname = current_database()`,
    );
    await until(() => told.filter((line) => line === 'heard').length === 2);
    await publish('a');
    await until(() => told.includes('a'));
    const connections = await sql(
      `SELECT 1 FROM pg_stat_activity WHERE application_name = 'nightjar-events' AND datname = current_database()`,
    );
    expect(connections).toHaveLength(1);
  });

  it('waits for the first migration', async () => {
    const bare = await postgres.createDatabase(`bare_${databases}`);
    const later = new EventListener({
      subscribe: (handlers) => EventConnection.open(bare, handlers),
      audience: {
        event: () => undefined,
        overrides: () => undefined,
        heard: (heard) => told.push(heard ? 'heard' : 'unheard'),
      },
      lookBackMs: HOUR_MS,
      clock: systemClock,
      log: { info: () => undefined, warn: () => told.push('complained') },
    });
    later.start();
    await until(() => told.includes('complained'));
    const migrated = new Catalog(bare, { unavailable: () => undefined });
    await migrated.connect();
    await until(() => told.includes('heard'));
    await Promise.all([later.stop(), migrated.close()]);
  });
});
