import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Catalog } from '@nightjar/catalog';
import type { PlaceLine, StreamLine, WalkedLine } from '@nightjar/catalog';
import { seedArchive } from '../support/archive-rows.js';
import {
  CONDEMN_SETTING,
  condemnQuery,
  summaryQuery,
  walkQuery,
} from '../../libs/catalog/src/retention/footage-query.js';
import { FOOTAGE } from '../../libs/catalog/src/retention/footage-reader.js';
import { startPostgres } from '../support/postgres.js';
import type { TestPostgres } from '../support/postgres.js';

/** How PostgreSQL answers over 100 000 segments: the way does not change with more, while times do. */

const DAY_MS = 86_400_000;
const CAMERAS = 20;
const END_MS = Date.UTC(2026, 10, 20);
const VOLUME = '11111111-1111-4111-8111-111111111111';
/** 20 minutes each: 69 days, from the middle of September. */
const SEGMENT_MS = 1_200_000;
const PER_CAMERA = 5_000;

let postgres: TestPostgres;
let catalog: Catalog;

beforeAll(async () => {
  postgres = await startPostgres();
  catalog = new Catalog(postgres.url, { unavailable: () => undefined });
  await catalog.connect();
  await seedArchive((sql) => postgres.query(sql), {
    volumeIds: [VOLUME],
    cameras: CAMERAS,
    segmentsPerCamera: PER_CAMERA,
    segmentMs: SEGMENT_MS,
    endMs: END_MS,
  });
}, 120_000);
afterAll(async () => {
  await catalog.close();
  await postgres.remove();
});

const line = (n: number, fields: Partial<StreamLine>): StreamLine => ({
  streamId: n + 1,
  cameraId: n + 1,
  protectedAfterMs: null,
  agedBeforeMs: null,
  eventAgedBeforeMs: null,
  eventBonusMs: 0,
  eventTypes: null,
  preRollMs: 5_000,
  postRollMs: 5_000,
  maxEventMs: 600_000,
  cameraUptoMs: null,
  groupUptoMs: null,
  details: {},
  ...fields,
});
const lines = (fields: Partial<StreamLine>): StreamLine[] =>
  Array.from({ length: CAMERAS }, (_, n) => line(n, fields));
const place: PlaceLine = {
  volumeId: VOLUME,
  protectedAfterMs: null,
  agedBeforeMs: null,
  eventAgedBeforeMs: null,
  bytesUptoMs: null,
  freeUptoMs: null,
  details: {},
};

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Loops': number;
  readonly 'Actual Rows': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** The scans of segments that were done, as `month: way`, and the rows they read. */
async function scans(
  sql: string,
  parameters: readonly unknown[],
): Promise<{ ways: string[]; rows: number }> {
  const literal = (value: unknown): string =>
    value === null
      ? 'NULL'
      : typeof value === 'number'
        ? String(value)
        : `'${(typeof value === 'string' ? value : JSON.stringify(value)).replaceAll("'", "''")}'`;
  const inlined = sql.replace(/\$(\d+)/g, (_, n) => literal(parameters[Number(n) - 1]));
  const [answer] = await postgres.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
    `EXPLAIN (ANALYZE, FORMAT JSON) ${inlined}`,
  );
  const ways = new Set<string>();
  let rows = 0;
  const visit = (node: PlanNode): void => {
    const relation = node['Relation Name'];
    if (relation?.startsWith('segment') && node['Actual Loops'] > 0) {
      ways.add(`${relation}: ${node['Node Type'].replace(' Backward', '')}`);
      rows += (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'];
    }
    node.Plans?.forEach(visit);
  };
  const plan = answer?.['QUERY PLAN'][0]?.Plan;
  if (plan === undefined) throw new Error('no plan');
  visit(plan);
  return { ways: [...ways].sort(), rows: Math.round(rows) };
}

const json = JSON.stringify;

describe('the way PostgreSQL takes', () => {
  it('to what grew too old leads to the months concerned, by index', async () => {
    const agedBeforeMs = END_MS - 60 * DAY_MS;
    const { ways, rows } = await scans(summaryQuery(false), [
      json(lines({ agedBeforeMs })),
      json([place]),
      END_MS,
      0,
    ]);
    // September, for what is old; November, for the newest segment of each stream.
    expect(ways.filter((way) => way.startsWith('segment_2026_10'))).toEqual([]);
    expect(ways.join()).not.toContain('Seq Scan');
    const old = (PER_CAMERA * SEGMENT_MS - 60 * DAY_MS) / SEGMENT_MS;
    expect(rows).toBeLessThan(CAMERAS * (old + 5));
  });

  it('to room reads the stretch it looks at', async () => {
    const fromMs = END_MS - PER_CAMERA * SEGMENT_MS;
    const walked: WalkedLine[] = lines({}).map((one) => ({
      ...one,
      scope: 'main',
      fromMs: null,
      toMs: fromMs + DAY_MS,
    }));
    const { ways, rows } = await scans(walkQuery(false), [
      json(walked),
      json([place]),
      END_MS,
      json([{ scope: 'main', bytes: 1_000 }]),
    ]);
    expect(ways.join()).not.toContain('Seq Scan');
    expect(ways.filter((way) => way.startsWith('segment_2026_10'))).toEqual([]);
    expect(rows).toBeLessThan(CAMERAS * (72 + 5));
  });

  it('to the next batch of a large deletion reads a batch per stream at most', async () => {
    const setting = CONDEMN_SETTING.replace('SET LOCAL ', '');
    await postgres.query(`ALTER ROLE nightjar SET ${setting}`);
    const { ways, rows } = await scans(condemnQuery(false), [
      json(lines({ agedBeforeMs: END_MS - 10 * DAY_MS })),
      json([place]),
      END_MS,
      null,
      50,
      '{}',
    ]);
    await postgres.query('ALTER ROLE nightjar RESET ALL');
    expect(ways.join()).not.toContain('Seq Scan');
    expect(rows).toBeLessThan(CAMERAS * 60 + 200);
  });

  it('to all footage of a stream is its index alone', async () => {
    const { ways } = await scans(FOOTAGE, ['{1}', null]);
    expect(new Set(ways.map((way) => way.split(': ')[1]))).toEqual(new Set(['Index Only Scan']));
  });

  it('to recent footage leaves older months out', async () => {
    const { ways } = await scans(FOOTAGE, ['{1,2,3}', END_MS - 7 * DAY_MS]);
    expect(ways).toEqual(['segment_2026_11: Index Only Scan']);
  });
});
