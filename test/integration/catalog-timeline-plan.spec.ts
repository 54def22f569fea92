import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Catalog } from '@nightjar/catalog';
import type { DataSource } from 'typeorm';
import { seededCamera, seedStatements } from '../../apps/bench/src/seeded-catalog.js';
import { createCatalogDataSource } from '../../libs/catalog/src/data-source.js';
import {
  FOOTAGE,
  LAST_KNOWN,
  reasonedSpans,
  UNREAD,
} from '../../libs/catalog/src/ledger/ledger.repository.js';
import { startPostgres } from '../support/postgres.js';
import type { TestPostgres } from '../support/postgres.js';

const DAY_MS = 86_400_000;
const FIRST_MS = Date.UTC(2026, 0, 1);
const CAMERAS = 8;
const FILLED_DAYS = 14;
/** One filled day in each 26: ten months, a partition for each. */
const SEEDED = {
  cameras: CAMERAS,
  firstDayMs: FIRST_MS,
  days: FILLED_DAYS * 26,
  everyDays: 26,
} as const;
const PICKED_MS = FIRST_MS + 5 * 26 * DAY_MS;
const SEGMENTS_PER_DAY = 22 * 60;

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Rows'?: number;
  'Actual Loops'?: number;
  'Rows Removed by Filter'?: number;
  'Heap Fetches'?: number;
  Plans?: PlanNode[];
}

let postgres: TestPostgres;
let catalog: Catalog;
let source: DataSource;
let stream: number;

beforeAll(async () => {
  postgres = await startPostgres();
  catalog = new Catalog(postgres.url, { unavailable: () => undefined });
  await catalog.connect();
  for (const statement of seedStatements(SEEDED)) await postgres.query(statement);
  source = await createCatalogDataSource(postgres.url, () => undefined).initialize();
  const [row] = await postgres.query<{ id: number }>(
    `SELECT t.id FROM stream t JOIN camera c ON c.id = t.camera_id WHERE c.name = '${seededCamera(3)}'`,
  );
  stream = row?.id ?? 0;
}, 120_000);
afterAll(async () => {
  await source.destroy();
  await catalog.close();
  await postgres.remove();
});

/** Every node of the plan that was executed; what was pruned or never run is not among them. */
async function executed(
  sql: string,
  parameters: unknown[],
  on: Pick<DataSource, 'query'> = source,
): Promise<PlanNode[]> {
  const rows = await on.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }[]>(
    `EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`,
    parameters,
  );
  const walk = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(walk)];
  const root = rows[0]?.['QUERY PLAN'][0]?.Plan;
  if (root === undefined) throw new Error('no plan');
  return walk(root).filter((node) => (node['Actual Loops'] ?? 0) > 0);
}

/** Rows that the scans of tables read, those they threw away included. */
function read(nodes: readonly PlanNode[]): number {
  return nodes
    .filter((node) => node['Relation Name'] !== undefined)
    .reduce(
      (sum, node) =>
        sum +
        ((node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0)) *
          (node['Actual Loops'] ?? 0),
      0,
    );
}

const relations = (nodes: readonly PlanNode[]): string[] =>
  nodes.flatMap((node) => node['Relation Name'] ?? []).toSorted();

describe('the timeline of one day in a catalog of many', () => {
  it('reads its footage from the indexes alone, of one partition, and no more than a day before it', async () => {
    const total = await postgres.query<{ n: number }>('SELECT count(*)::integer AS n FROM segment');
    expect(total[0]?.n).toBeGreaterThan(140_000);
    const nodes = await executed(FOOTAGE, [
      stream,
      PICKED_MS - 50,
      PICKED_MS + DAY_MS + 50,
      PICKED_MS - DAY_MS,
      50,
      'missing',
    ]);
    const month = new Date(PICKED_MS).toISOString().slice(0, 7).replace('-', '_');
    expect(relations(nodes)).toEqual(['deletion', `segment_${month}`]);
    for (const node of nodes.filter((each) => each['Relation Name'] !== undefined)) {
      expect(node['Node Type']).toBe('Index Only Scan');
      expect(node['Heap Fetches']).toBe(0);
    }
    expect(read(nodes)).toBeGreaterThanOrEqual(SEGMENTS_PER_DAY);
    expect(read(nodes)).toBeLessThanOrEqual(2 * SEGMENTS_PER_DAY);
  });

  it('reads the partition before only when the day before lies in it', async () => {
    const monthMs = Date.UTC(2026, 5, 1);
    const nodes = await executed(FOOTAGE, [
      stream,
      monthMs - 50,
      monthMs + DAY_MS,
      monthMs - DAY_MS,
      50,
      'missing',
    ]);
    expect(relations(nodes).filter((name) => name.startsWith('segment'))).toEqual([
      'segment_2026_05',
      'segment_2026_06',
    ]);
  });

  it.each([
    ['gap', 40],
    ['unwanted', 60],
  ] as const)('reads of %s what reaches into the day', async (table, most) => {
    const nodes = await executed(reasonedSpans(table), [
      stream,
      PICKED_MS,
      PICKED_MS + DAY_MS,
      PICKED_MS - DAY_MS,
    ]);
    expect(read(nodes)).toBeLessThanOrEqual(most);
    for (const node of nodes.filter((each) => each['Relation Name'] !== undefined))
      expect(node['Node Type']).toMatch(/^(Bitmap Heap|Index) Scan$/);
  });

  it('looks for runs that nobody ended among these alone', async () => {
    const runner = source.createQueryRunner();
    // The tables of runs and volumes are too small here for an index.
    await runner.query('SET enable_seqscan = off');
    const nodes = await executed(UNREAD, [stream, PICKED_MS, PICKED_MS + DAY_MS], runner);
    await runner.query('RESET enable_seqscan');
    await runner.release();
    expect(nodes.flatMap((node) => node['Index Name'] ?? [])).toContain('run_open');
    expect(read(nodes)).toBeLessThanOrEqual(10);
  });

  it('looks at one row of each kind for the last that is known', async () => {
    const nodes = await executed(LAST_KNOWN, [stream]);
    // The table of runs is too small here for an index.
    const facts = nodes.filter((node) => node['Relation Name'] !== 'run');
    expect(relations(facts)).toEqual(['gap', expect.stringMatching(/^segment_/), 'unwanted']);
    expect(read(facts)).toBe(3);
  });

  it('tells what the seed put there', async () => {
    const timeline = await catalog.timeline.timeline({
      camera: seededCamera(3),
      stream: 'main',
      startMs: PICKED_MS,
      endMs: PICKED_MS + DAY_MS,
      nowMs: PICKED_MS + 100 * DAY_MS,
      resolutionMs: 60_000,
    });
    const hours = (hour: number) => ({
      startMs: PICKED_MS + hour * 3_600_000,
      endMs: PICKED_MS + (hour + 1) * 3_600_000,
    });
    expect(timeline.unwanted).toEqual([{ ...hours(4), reason: 'no-event' }]);
    expect(timeline.gaps).toContainEqual({
      ...hours(3),
      reason: 'camera-offline',
      detail: 'timeout',
      stretches: 1,
      missingMs: 3_600_000,
    });
    // Frames that were lost are no holes at this resolution, but each of them is told.
    expect(timeline.recorded).toHaveLength(2);
    const lost = timeline.recorded.reduce((sum, { holes }) => sum + holes, 0);
    expect(lost).toBeGreaterThan(10);
    const told = timeline.gaps.filter(({ reason }) => reason === 'packet-loss');
    expect(told.reduce((sum, { missingMs }) => sum + missingMs, 0)).toBeCloseTo(400 * lost, 3);
    expect(timeline.recorded.reduce((sum, { segments }) => sum + segments, 0)).toBe(
      SEGMENTS_PER_DAY,
    );
  });
});
