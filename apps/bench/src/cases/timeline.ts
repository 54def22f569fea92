import { Catalog } from '@nightjar/catalog';
import type { Case } from '../case.js';
import { withDatabase } from '../database.js';
import { quantile } from '../figures.js';
import type { Figure } from '../figures.js';
import { seededCamera, seedStatements } from '../seeded-catalog.js';

const DAY_MS = 86_400_000;
const SEEDED = {
  cameras: 50,
  firstDayMs: Date.UTC(2026, 0, 1),
  /** Of 50 cameras and 1320 segments a day: ten million. */
  days: 152,
  everyDays: 1,
} as const;
const QUERIES = 400;
const LONG_QUERIES = 20;
const AIM_MS = 50;
const NOW_MS = SEEDED.firstDayMs + (SEEDED.days + 1) * DAY_MS;

/** Any day of any camera, whether the database has it in memory or not. */
export const timeline: Case = {
  name: 'timeline',
  summary: 'timeline and completeness in a catalog of ten million segments',
  default: false,
  async run(bench) {
    return await withDatabase(bench, async (database) => {
      const catalog = new Catalog(database.url, { unavailable: () => undefined });
      try {
        await catalog.connect();
        const seedMs = await timed(() => database.run(seedStatements(SEEDED)));
        const pick = picker();
        const days = await repeat(QUERIES, () => ask(catalog, pick(1), 1, 0));
        const coarse = await repeat(QUERIES, () => ask(catalog, pick(1), 1, 60_000));
        const months = await repeat(LONG_QUERIES, () => ask(catalog, pick(31), 31, 3_600_000));
        const rollUpMs = await timed(async () => {
          const signal = AbortSignal.timeout(120_000);
          await catalog.completeness.rollUp(
            SEEDED.firstDayMs + 2 * DAY_MS,
            signal,
            () => undefined,
          );
        });
        const pings = await database.pings(QUERIES);
        const reference = (q: number) => ({
          value: quantile(pings, q),
          what: 'the smallest query',
        });
        const figure = (name: string, value: number, unit = 'ms'): Figure => ({
          subject: 'nightjar',
          name,
          value,
          unit,
        });
        const aim = { atMost: AIM_MS };
        return [
          figure('seeding ten million segments', seedMs / 1000, 's'),
          { ...figure('a day as it is, p50', quantile(days, 0.5)), reference: reference(0.5), aim },
          {
            ...figure('a day as it is, p99', quantile(days, 0.99)),
            reference: reference(0.99),
            aim,
          },
          {
            ...figure('a day at 1 min, p50', quantile(coarse, 0.5)),
            reference: reference(0.5),
            aim,
          },
          {
            ...figure('a day at 1 min, p99', quantile(coarse, 0.99)),
            reference: reference(0.99),
            aim,
          },
          figure('31 days at 1 h, p50', quantile(months, 0.5)),
          figure('completeness, per camera and day', rollUpMs / (2 * SEEDED.cameras)),
        ];
      } finally {
        await catalog.close();
      }
    });
  },
};

interface Picked {
  readonly camera: string;
  readonly startMs: number;
}

async function ask(
  catalog: Catalog,
  { camera, startMs }: Picked,
  days: number,
  resolutionMs: number,
): Promise<void> {
  const { recorded } = await catalog.timeline.timeline({
    camera,
    stream: 'main',
    startMs,
    endMs: startMs + days * DAY_MS,
    nowMs: NOW_MS,
    resolutionMs,
  });
  if (recorded.length === 0) throw new Error(`${camera}: nothing is recorded at ${startMs}`);
}

/** Cameras and days in an order that nothing can foresee and every run repeats. */
function picker(): (days: number) => Picked {
  let seed = 1;
  const next = (below: number): number => {
    seed = (seed * 48_271) % 0x7fffffff;
    return seed % below;
  };
  return (days) => ({
    camera: seededCamera(next(SEEDED.cameras)),
    startMs: SEEDED.firstDayMs + (1 + next(SEEDED.days - days - 1)) * DAY_MS,
  });
}

async function repeat(times: number, work: () => Promise<void>): Promise<number[]> {
  const taken: number[] = [];
  for (let n = 0; n < times; n += 1) taken.push(await timed(work));
  return taken;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}
