import { Catalog } from '@nightjar/catalog';
import { evaluate } from '@nightjar/retention';
import type { CameraRules, VolumeRules } from '@nightjar/retention';
import type { Case } from '../case.js';
import { withDatabase, type BenchDatabase } from '../database.js';
import { quantile } from '../figures.js';
import type { Figure } from '../figures.js';
import { SEEDED_VOLUME, seededCamera, seedStatements } from '../seeded-catalog.js';

const DAY_MS = 86_400_000;
/** Of 50 cameras and 1320 segments a day: ten million. */
const SEEDED = {
  cameras: 50,
  firstDayMs: Date.UTC(2026, 0, 1),
  days: Number(process.env['NIGHTJAR_BENCH_DAYS'] ?? 152),
  everyDays: 1,
} as const;
const NOW_MS = SEEDED.firstDayMs + SEEDED.days * DAY_MS;
const TWO_MINUTES_MS = 120_000;
/** Asked so often; the median counts. */
const ROUNDS = 3;
const MAIN: VolumeRules = {
  volume: 'main',
  state: 'active',
  minFreeBytes: 0,
  maxBytes: undefined,
  maxAgeMs: undefined,
  minAgeMs: 0,
  eventMaxAgeMs: undefined,
};

/** What it takes to decide over a large archive. */
export const retention: Case = {
  name: 'retention',
  summary: 'deciding what goes, over ten million segments of 50 cameras',
  default: false,
  async run(bench) {
    return await withDatabase(bench, async (database) => {
      const catalog = new Catalog(database.url, { unavailable: () => undefined });
      try {
        await catalog.connect();
        await database.run([...seedStatements(SEEDED), ...EVENTS]);
        return await measure(catalog, database);
      } finally {
        await catalog.close();
      }
    });
  },
};

/** One of half a minute in each hour of each camera. */
const EVENTS = [
  `INSERT INTO event (camera_id, id, type, source, start_at, end_at, change)
   SELECT c.id, n::text, 'motion', 'bench', at, at + interval '30 s', nextval('event_change')
   FROM camera c CROSS JOIN generate_series(0, ${SEEDED.days * 24 - 1}) n
   CROSS JOIN LATERAL (SELECT to_timestamp(${SEEDED.firstDayMs / 1000}) + make_interval(hours => n) AS at) e`,
  'VACUUM (ANALYZE) event',
];

async function measure(catalog: Catalog, database: BenchDatabase): Promise<Figure[]> {
  const count = await median(() => database.run(['SELECT count(*), sum(bytes) FROM segment']));
  const { oldestMs, bytes } = await catalog.retention.read(async (reader) => {
    const ids = (await reader.streams()).map(({ streamId }) => streamId);
    const footage = await reader.footage(ids);
    return {
      oldestMs: Math.min(...footage.map((row) => row.oldestMs)),
      bytes: footage.reduce((sum, row) => sum + row.bytes, 0),
    };
  });
  const spanMs = NOW_MS - oldestMs;
  const quarter = { maxAgeMs: spanMs * 0.75 };
  const events = {
    maxAgeMs: 10 * spanMs,
    types: undefined,
    preRollMs: 5_000,
    postRollMs: 15_000,
    maxLengthMs: 600_000,
  };
  const segmentBytes = 30_000_000;
  const asked: readonly [
    what: string,
    rules: Partial<CameraRules>,
    missing: number,
    aim: number,
  ][] = [
    ['minutes grew too old', { maxAgeMs: spanMs - TWO_MINUTES_MS }, 0, 1],
    ['a quarter grew too old', quarter, 0, 15],
    ['a quarter grew too old, without its events', { ...quarter, events }, 0, 30],
    [
      'each camera holds a minute too much',
      { maxBytes: bytes / SEEDED.cameras - segmentBytes },
      0,
      15,
    ],
    ['the volume lacks a minute', {}, segmentBytes, 1],
    ['the volume lacks a quarter', {}, bytes / 4, 45],
  ];
  const figures: Figure[] = [];
  for (const [what, rules, missing, atMost] of asked) {
    let segments = 0;
    const seconds = await median(async () => {
      segments = await decide(catalog, rules, missing);
    });
    figures.push({
      subject: 'nightjar',
      name: `${what} (${segments} segments)`,
      value: seconds,
      unit: 's',
      reference: { what: 'counting all', value: count },
      aim: { atMost },
    });
  }
  return figures;
}

/** @returns how many segments would go */
async function decide(
  catalog: Catalog,
  rules: Partial<CameraRules>,
  missingBytes: number,
): Promise<number> {
  const cameras = Array.from({ length: SEEDED.cameras }, (_, n): CameraRules => ({
    camera: seededCamera(n),
    group: undefined,
    maxAgeMs: undefined,
    maxBytes: undefined,
    minAgeMs: 0,
    events: undefined,
    ...rules,
  }));
  const main = { ...MAIN, minFreeBytes: missingBytes };
  const { doomed } = await catalog.retention.read((reader) =>
    evaluate(reader, {
      rules: { cameras, groups: [], volumes: [main] },
      nowMs: NOW_MS,
      lastSweepMs: NOW_MS,
      volumes: [{ id: SEEDED_VOLUME, rules: main, freeBytes: 0 }],
      counted: [{ id: SEEDED_VOLUME, volume: MAIN.volume }],
    }),
  );
  return doomed.reduce((sum, { segments }) => sum + segments, 0);
}

async function median(work: () => Promise<unknown>): Promise<number> {
  const seconds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startedMs = performance.now();
    await work();
    seconds.push((performance.now() - startedMs) / 1000);
  }
  return quantile(seconds, 0.5);
}
