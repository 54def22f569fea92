import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Catalog } from '@nightjar/catalog';
import { ManualClock } from '@nightjar/common';
import { Volume } from '@nightjar/recording';
import { openCatalog, record } from '../support/catalogued.js';
import { EPOCH_MS, HOUR_MS, MINUTE_MS, segmentFacts } from '../support/footage.js';
import { forkTs } from '../support/fork-ts.js';
import { startPostgres } from '../support/postgres.js';
import type { TestPostgres } from '../support/postgres.js';
import { rulesFor, sweepMain } from '../support/sweeping.js';
import { createTestVolume } from '../support/test-volume.js';
import type { TestVolume } from '../support/test-volume.js';
import { until } from '../support/until.js';

const KEPT_MS = EPOCH_MS + 5 * HOUR_MS;
const NOW_MS = KEPT_MS + MINUTE_MS;

let postgres: TestPostgres;
let volume: TestVolume;
let catalog: Catalog;
let runs = 0;

beforeAll(async () => {
  postgres = await startPostgres();
  volume = await createTestVolume();
  catalog = await openCatalog(postgres.url, volume);
}, 30_000);
afterAll(async () => {
  await catalog.close();
  await volume.remove();
  await postgres.remove();
});

async function sweep(camera: string): Promise<void> {
  const setting = {
    catalog,
    volume: await Volume.open('main', volume.root),
    rules: rulesFor({ [camera]: { maxAgeMs: 1 } }),
    clock: new ManualClock(NOW_MS),
  };
  // PostgreSQL gives the lock of a killed process back when it notices that its connection is gone.
  await until(async () => (await sweepMain(setting)) !== undefined);
}

/** The same in a process of its own; gives the signal that ended it. */
async function sweepInChild(
  camera: string,
  killAt: string,
  mode: 'before' | 'amid',
): Promise<string | null> {
  const env = {
    DATABASE: postgres.url,
    ROOT: volume.root,
    KILL_AT: killAt,
    KILL_MODE: mode,
    NOW_MS: String(NOW_MS),
    CAMERA: camera,
  };
  const [, signal] = (await once(forkTs('test/support/sweep-child.ts', env), 'exit')) as [
    number | null,
    string | null,
  ];
  return signal;
}

describe('a sweep that is killed', () => {
  it.each([
    ['condemn:1', 'before'],
    ['condemn:1', 'amid'],
    ['condemned:2', 'before'],
    ['unlink:1', 'before'],
    ['unlink:2', 'before'],
    ['syncDirectory:1', 'before'],
    ['rmdir:1', 'before'],
    ['rmdir:2', 'before'],
    ['bury:1', 'before'],
    ['bury:1', 'amid'],
    ['condemned:3', 'before'],
  ] as const)(
    'at %s (%s) leaves nothing orphaned after the next run',
    async (killAt, mode) => {
      const run = String(++runs).padStart(12, '0');
      const camera = `camera-${runs}`;
      const doomed = [0, 1, 2].map((n) => segmentFacts(run, n, { camera }));
      const kept = segmentFacts(run, 3, { camera, startMs: KEPT_MS });
      await record(catalog, volume, [...doomed, kept]);

      expect(await sweepInChild(camera, killAt, mode)).toBe('SIGKILL');
      await sweep(camera);

      const ofCamera = (path: string): boolean => path.startsWith(`${camera}/`);
      const rows = await postgres.query<{ path: string; state: string }>(
        `SELECT path, state FROM segment WHERE run_id = '${run}'`,
      );
      const deletions = await postgres.query<{ path: string; rule: string }>(
        `SELECT path, rule FROM deletion WHERE run_id = '${run}' ORDER BY path`,
      );
      expect((await volume.files()).filter(ofCamera)).toEqual([kept.path]);
      expect(rows).toEqual([{ path: kept.path, state: 'present' }]);
      expect(deletions).toEqual(doomed.map(({ path }) => ({ path, rule: 'maxAge' })));
      expect((await volume.emptyDirectories()).filter(ofCamera)).toEqual([]);
    },
    20_000,
  );
});
