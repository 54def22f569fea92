import { expect } from '@jest/globals';
import { stat } from 'node:fs/promises';
import { Catalog } from '@nightjar/catalog';
import type { TestPostgres } from '../../support/postgres.js';
import { concurrently } from './concurrently.js';
import { eventually } from './eventually.js';
import type { SegmentFile } from './footage.js';
import type { Stage } from './stage.js';

const CONNECT_LIMIT_MS = 20_000;

/** The catalog of a worker or appliance, once that has made it: it lets nobody in before. */
export async function openCatalog(stage: Stage, url: string): Promise<Catalog> {
  const catalog = new Catalog(url, { unavailable: () => undefined });
  stage.defer(() => catalog.close());
  await eventually(() => catalog.connect(), { withinMs: CONNECT_LIMIT_MS });
  return catalog;
}

interface Row {
  readonly path: string;
  readonly bytes: string;
}

/** Waits until the catalog has exactly these files, each once and with its true size. */
export async function expectCatalogued(
  postgres: TestPostgres,
  files: readonly SegmentFile[],
  withinMs: number,
): Promise<void> {
  const expected = await concurrently(
    files,
    async ({ file, path }) => `${path} ${(await stat(file)).size}`,
  );
  await eventually(
    async () => {
      const rows = await postgres.query<Row>('SELECT path, bytes FROM segment');
      expect(rows.map(({ path, bytes }) => `${path} ${bytes}`).sort()).toEqual(expected.sort());
    },
    { withinMs },
  );
}
