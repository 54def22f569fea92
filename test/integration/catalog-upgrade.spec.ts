import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Catalog, runMigrations, type JournalRecord } from '@nightjar/catalog';
import { createCatalogDataSource } from '../../libs/catalog/src/data-source.js';
import { MIGRATIONS } from '../../libs/catalog/src/migrations/index.js';
import { EPOCH_MS, HOUR_MS, MINUTE_MS, segmentFacts } from '../support/footage.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

const VOLUME = '6f1f1c9e-7a52-4b53-9a0f-0d7a4f6f2a11';
const FRONT = { camera: 'front', stream: 'main' } as const;
const RUN = 'aaaaaaaaaaaa';
const SEGMENTS = 30;
/** What an installation has that ran for half an hour, with a gap in it. */
const HISTORY: JournalRecord[] = [
  { type: 'declared', ...FRONT, atMs: EPOCH_MS },
  { type: 'run-started', run: RUN, ...FRONT, volumeId: VOLUME, startedAtMs: EPOCH_MS },
  ...Array.from({ length: SEGMENTS }, (_, n): JournalRecord => ({
    type: 'segment-closed',
    volumeId: VOLUME,
    ...segmentFacts(RUN, n),
  })),
  {
    type: 'run-ended',
    run: RUN,
    ...FRONT,
    endedAtMs: EPOCH_MS + SEGMENTS * MINUTE_MS,
    reason: 'timeout',
  },
];

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startPostgres();
}, 30_000);
afterAll(() => postgres.remove());

async function withCatalog<Result>(
  url: string,
  work: (catalog: Catalog) => Promise<Result>,
): Promise<Result> {
  const catalog = new Catalog(url, { unavailable: () => undefined });
  try {
    await catalog.connect();
    return await work(catalog);
  } finally {
    await catalog.close();
  }
}

const timeline = (url: string) =>
  withCatalog(url, (catalog) =>
    catalog.timeline.timeline({
      ...FRONT,
      startMs: EPOCH_MS,
      endMs: EPOCH_MS + HOUR_MS,
      nowMs: EPOCH_MS + HOUR_MS,
      resolutionMs: 0,
    }),
  );

/** Takes a database with a history back to an older schema, as if it had been filled by that version. */
async function inSchemaOf(name: string, version: number): Promise<string> {
  const url = await postgres.createDatabase(name);
  await withCatalog(url, async (catalog) => {
    await catalog.volumes.register({ id: VOLUME, name: 'main', path: '/volumes/main' });
    await catalog.feed.apply(VOLUME, HISTORY, { file: 1, offset: 1 });
  });
  const source = await createCatalogDataSource(url, () => undefined).initialize();
  try {
    for (let left = MIGRATIONS.length; left > version; left -= 1) await source.undoLastMigration();
  } finally {
    await source.destroy();
  }
  return url;
}

const schemaOf = (database: string): Promise<{ what: string }[]> =>
  postgres.query(
    `SELECT format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) AS what
       FROM information_schema.columns WHERE table_schema = 'public'
     UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
     UNION ALL SELECT format('%s %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
     ORDER BY 1`,
    database,
  );

describe('an upgrade', () => {
  // Version 1 has nothing but what later ones add to.
  const versions = MIGRATIONS.map((_, index) => index + 1).slice(0, -1);

  it.each(versions)(
    'from the schema of migration %i keeps what was recorded, and ends with the schema of a new installation',
    async (version) => {
      const fresh = `fresh_${version}`;
      await withCatalog(await postgres.createDatabase(fresh), async (catalog) => {
        await catalog.volumes.register({ id: VOLUME, name: 'main', path: '/volumes/main' });
        await catalog.feed.apply(VOLUME, HISTORY, { file: 1, offset: 1 });
      });
      const old = `old_${version}`;
      const url = await inSchemaOf(old, version);

      const ran = await runMigrations(url);

      expect(ran).toEqual(MIGRATIONS.slice(version).map((Migration) => new Migration().name));
      expect(await schemaOf(old)).toEqual(await schemaOf(fresh));
      const { recorded } = await timeline(url);
      expect(recorded).toEqual([
        {
          startMs: EPOCH_MS,
          endMs: EPOCH_MS + SEGMENTS * MINUTE_MS,
          segments: SEGMENTS,
          bytes: SEGMENTS * 1_000,
          holes: 0,
          holesMs: 0,
        },
      ]);
      // And it works on from there.
      const more = {
        type: 'segment-closed',
        volumeId: VOLUME,
        ...segmentFacts(RUN, SEGMENTS),
      } as const;
      const applied = await withCatalog(url, (catalog) =>
        catalog.feed.apply(VOLUME, [more], { file: 2, offset: 1 }),
      );
      expect(applied.newSegments).toBe(1);
    },
  );
});
