import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Catalog, type AuditEntry, type JournalRecord } from '@nightjar/catalog';
import { EPOCH_MS } from '../support/footage.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

const VOLUME = '11111111-1111-4111-8111-111111111111';
const ALL = {
  startMs: 0,
  endMs: EPOCH_MS + 1e9,
  kinds: undefined,
  limit: 100,
  before: undefined,
};

let postgres: TestPostgres;
let databases = 0;
let catalog: Catalog;

beforeAll(async () => {
  postgres = await startPostgres();
}, 60_000);
afterAll(() => postgres.remove());
beforeEach(async () => {
  const url = await postgres.createDatabase(`audit_${++databases}`);
  catalog = new Catalog(url, { unavailable: () => undefined });
  await catalog.connect();
});
afterEach(() => catalog.close());

const entry = (id: string, atMs: number, more: Partial<AuditEntry> = {}): AuditEntry => ({
  id,
  atMs,
  kind: 'playback',
  principal: undefined,
  address: undefined,
  protocol: undefined,
  camera: undefined,
  data: undefined,
  ...more,
});

describe('the audit trail in the catalog', () => {
  it('is stored once as it was told, the newest first', async () => {
    const full = entry('b', EPOCH_MS + 1.7, {
      kind: 'denied',
      principal: 'ann',
      address: '2001:db8::1',
      protocol: 'rtsp',
      camera: 'front',
      data: { action: 'view', n: 1, yes: true },
    });
    await catalog.trail.add([entry('a', EPOCH_MS), full]);
    await catalog.trail.add([full, entry('c', EPOCH_MS + 1)]);
    expect(await catalog.trail.page(ALL)).toEqual([
      entry('c', EPOCH_MS + 1),
      { ...full, atMs: EPOCH_MS + 1 },
      entry('a', EPOCH_MS),
    ]);
  });

  it('comes from the journal of a volume, and what cannot be stored of it does not', async () => {
    await catalog.volumes.register({ id: VOLUME, name: 'main', path: '/volumes/main' });
    const told = (id: string, more: object): JournalRecord => ({
      type: 'audit',
      ...entry(id, EPOCH_MS),
      ...more,
    });
    const records = [
      told('good', { camera: 'front' }),
      told('nul', { principal: 'a\0b' }),
      told('when', { atMs: Number.NaN }),
      told('what', { kind: '' }),
      told('data', { data: { deep: { er: 1 } } }),
    ];
    const cursor = { file: 1, offset: 10 };
    expect(await catalog.feed.apply(VOLUME, records, cursor)).toMatchObject({
      applied: true,
      rejected: 4,
    });
    expect(await catalog.feed.apply(VOLUME, records, cursor)).toMatchObject({ applied: false });
    expect(await catalog.trail.page(ALL)).toEqual([entry('good', EPOCH_MS, { camera: 'front' })]);
  });

  it('is read page by page, by range and kind', async () => {
    const entries = Array.from({ length: 25 }, (_, i) =>
      entry(`id-${String(i).padStart(2, '0')}`, EPOCH_MS + Math.floor(i / 4), {
        kind: i % 2 === 0 ? 'playback' : 'publish',
      }),
    );
    await catalog.trail.add(entries);
    const seen: string[] = [];
    let before: AuditEntry | undefined;
    for (;;) {
      const page: AuditEntry[] = await catalog.trail.page({ ...ALL, limit: 3, before });
      seen.push(...page.map(({ id }) => id));
      before = page.at(-1);
      if (page.length < 3) break;
    }
    expect(seen).toEqual(entries.map(({ id }) => id).toReversed());
    const some = await catalog.trail.page({
      ...ALL,
      kinds: ['publish'],
      startMs: EPOCH_MS + 1,
      endMs: EPOCH_MS + 2,
    });
    expect(some.map(({ id }) => id)).toEqual(['id-07', 'id-05']);
  });

  it('forgets what is older', async () => {
    await catalog.trail.add([entry('a', EPOCH_MS), entry('b', EPOCH_MS + 1)]);
    expect(await catalog.trail.forgetBefore(EPOCH_MS + 1)).toBe(1);
    expect((await catalog.trail.page(ALL)).map(({ id }) => id)).toEqual(['b']);
  });
});
