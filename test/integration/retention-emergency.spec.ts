import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Catalog } from '@nightjar/catalog';
import { ManualClock } from '@nightjar/common';
import { parseConfig } from '@nightjar/config';
import type { JobProcessor } from '@nightjar/jobs';
import { registry } from '@nightjar/monitoring';
import { Volume } from '@nightjar/recording';
import { OverrideControl, retentionProcessor, retentionStatus } from '@nightjar/retention';
import { openCatalog, record } from '../support/catalogued.js';
import { HOUR_MS, MINUTE_MS, segmentFacts } from '../support/footage.js';
import { startPostgres } from '../support/postgres.js';
import type { TestPostgres } from '../support/postgres.js';
import { createTestVolume } from '../support/test-volume.js';
import type { TestVolume } from '../support/test-volume.js';
import { jobContext } from '../support/job-context.js';

/** A full disk on which everything is guaranteed, through the job as the worker runs it. */

const NOW_MS = Date.UTC(2026, 10, 1, 12);
const DAY_MS = 24 * HOUR_MS;
const RUNS = { gate: 'aaaaaaaaaaaa', yard: 'bbbbbbbbbbbb', hall: 'cccccccccccc' };

let postgres: TestPostgres;
let databases = 0;
let catalog: Catalog;
let volume: TestVolume;
let clock: ManualClock;
let control: OverrideControl;
let freeBytes: number;
let log: string[];

beforeAll(async () => {
  postgres = await startPostgres();
}, 30_000);
afterAll(async () => {
  await postgres.remove();
});
beforeEach(async () => {
  volume = await createTestVolume();
  catalog = await openCatalog(await postgres.createDatabase(`emergency_${++databases}`), volume);
  clock = new ManualClock(NOW_MS);
  control = new OverrideControl(catalog.overrides, clock);
  freeBytes = 900;
  log = [];
  for (const [camera, run] of Object.entries(RUNS))
    await record(
      catalog,
      volume,
      Array.from({ length: 20 }, (_, n) => {
        const startMs = NOW_MS - (20 - n) * MINUTE_MS;
        return segmentFacts(run, n, { camera, startMs, endMs: startMs + MINUTE_MS, bytes: 100 });
      }),
    );
});
afterEach(async () => {
  await catalog.close();
  await volume.remove();
});

async function processor(whenFull = 'stop-lowest-priority'): Promise<JobProcessor> {
  const { config } = await parseConfig(
    `
version: 1
volumes: { main: { path: ${volume.root}, minFreeBytes: 1kB } }
recording: { whenFull: ${whenFull} }
groups: { all: { retention: { minAge: 1d } } }
cameras:
  gate: { streams: { main: "rtsp://a/" }, group: all, priority: 90 }
  yard: { streams: { main: "rtsp://b/" }, group: all, priority: 10 }
  hall: { streams: { main: "rtsp://c/" }, group: all }`,
    'nightjar.yaml',
    {},
  );
  const note = (_: object, message: string): void => void log.push(message);
  return retentionProcessor({
    catalog,
    clock,
    logger: { info: note, warn: note, error: note } as never,
    emergencies: control,
    config: () => config,
    volume: async (name) => {
      const opened = await Volume.open(name, volume.root);
      return {
        id: opened.id,
        root: opened.root,
        verify: () => opened.verify(),
        space: async () => ({ freeBytes, sizeBytes: 100_000 }),
      };
    },
  });
}

const sweep = (one: JobProcessor): Promise<unknown> =>
  one.process({ volume: 'main' }, jobContext());
const gauge = async (name: string): Promise<number | undefined> =>
  (await registry.getSingleMetric(`nightjar_retention_${name}`)?.get())?.values[0]?.value;

describe('a full volume on which all is guaranteed', () => {
  it('raises the alarm and stops cameras, the lowest priority first; they come back when there is room', async () => {
    const job = await processor();
    await sweep(job);
    expect(await control.stopped('main')).toEqual(['yard']);
    expect(await gauge('emergency')).toBe(1);
    expect(log).toEqual([
      'volume main is full and all on it is protected by guarantees and holds',
      'recording stops: the disk is full',
      'the guarantees (minAge) of the cameras on volume main take 432 kB at the present rates, and it holds 5.9 kB',
    ]);
    expect(await catalog.overrides.list('yard')).toMatchObject([
      {
        action: 'no-room',
        reason: 'disk-full: volume main',
        setBy: 'retention',
        stream: undefined,
      },
    ]);
    await sweep(job);
    expect(await control.stopped('main')).toEqual(['yard', 'hall']);
    expect((await volume.files()).length).toBe(60);

    // A day later nothing is guaranteed any more: one comes back per sweep, the last first.
    clock.advance(DAY_MS + HOUR_MS);
    await sweep(job);
    expect([await control.stopped('main'), await gauge('emergency')]).toEqual([['yard'], 0]);
    // One would do, but footage of the same instant goes together.
    expect((await volume.files()).length).toBe(57);
    freeBytes = 1_000;
    await sweep(job);
    expect(await control.stopped('main')).toEqual([]);
    expect((await volume.files()).length).toBe(57);
  });

  it('waits with the release until there is more room than needed', async () => {
    const job = await processor();
    await sweep(job);
    freeBytes = 1_100;
    await sweep(job);
    expect(await control.stopped('main')).toEqual(['yard']);
    freeBytes = 1_250;
    await sweep(job);
    expect(await control.stopped('main')).toEqual([]);
  });

  it('leaves alone what people said by hand, and gives back no more than it took', async () => {
    await catalog.overrides.set({
      camera: 'yard',
      stream: undefined,
      action: 'record',
      untilMs: undefined,
      reason: undefined,
      setBy: 'ann',
      setAtMs: NOW_MS,
    });
    const job = await processor();
    await sweep(job);
    expect(await control.stopped('main')).toEqual(['hall']);
    await catalog.overrides.set({
      camera: 'hall',
      stream: undefined,
      action: 'privacy',
      untilMs: undefined,
      reason: undefined,
      setBy: 'ann',
      setAtMs: NOW_MS,
    });
    freeBytes = 5_000;
    await sweep(job);
    expect((await catalog.overrides.list()).map(({ camera, action }) => [camera, action])).toEqual([
      ['yard', 'record'],
      ['hall', 'privacy'],
    ]);
  });

  it('only raises the alarm where that is what is asked', async () => {
    await sweep(await processor('alarm'));
    expect([await control.stopped('main'), await gauge('emergency')]).toEqual([[], 1]);
  });

  it('is seen in the status', async () => {
    await sweep(await processor());
    const config = { volumes: { main: {} } } as never;
    expect(await retentionStatus(catalog, config, control)).toMatchObject([
      { volume: 'main', missingBytes: 100, stopped: ['yard'], lastSweep: { outcome: 'done' } },
    ]);
  });
});
