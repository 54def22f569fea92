import { describe, expect } from '@jest/globals';
import type { Timeline } from '@nightjar/catalog';
import { startPostgres } from '../support/postgres.js';
import { Cameras } from './support/cameras.js';
import { expectCatalogued, openCatalog } from './support/catalog.js';
import { eventually } from './support/eventually.js';
import { footageOf } from './support/footage.js';
import { Installation, recordedCameraAt } from './support/installation.js';
import { scenario } from './support/stage.js';

const CAMERA = 'front';
const LIMIT_MS = 90_000;
const CATCH_UP_MS = 15_000;
/** Ends of segments are those of their last pictures: as exact as media clocks are. */
const EXACT_MS = 60;
const ROUNDING_MS = 10;

/** Connecting there fails at once, as to a network without a route. */
const NO_ROUTE = 'rtsp://224.0.0.1/stream';

describe('the ledger', () => {
  scenario('tells why nothing is recorded, of each camera', LIMIT_MS, async (stage) => {
    const names = ['dead', 'locked', 'lost'];
    const cameras = await Cameras.start(
      stage,
      Object.fromEntries(names.map((name) => [name, 'synthetic'])),
    );
    await cameras.inject('dead', { refuse: true });
    await cameras.inject('locked', { wrongPassword: true });
    const nightjar = await Installation.create(stage, {
      volumes: { main: { path: 'footage', adopt: 'empty' }, away: { path: 'not-mounted' } },
      cameras: {
        dead: recordedCameraAt(cameras.url('dead')),
        locked: recordedCameraAt(cameras.url('locked')),
        lost: recordedCameraAt(`${cameras.url('lost')}-and-gone`),
        far: recordedCameraAt(NO_ROUTE),
        homeless: recordedCameraAt(cameras.url('lost'), { volumes: ['away'] }),
      },
    });
    const reasons = {
      dead: 'camera-offline',
      locked: 'auth-failed',
      lost: 'configuration',
      far: 'network',
      homeless: 'volume-missing',
    };
    const media = await nightjar.startMedia();
    await eventually(
      async () => {
        const metrics = await nightjar.metrics();
        const missing = (labels: object): number =>
          metrics.sum('nightjar_camera_missing_seconds_total', { ...labels });
        for (const [camera, reason] of Object.entries(reasons)) {
          expect(missing({ camera, reason })).toBeGreaterThan(1);
          const expected = metrics.sum('nightjar_camera_expected_seconds_total', { camera });
          expect(Math.abs(missing({ camera }) - expected)).toBeLessThan(0.1);
        }
      },
      { withinMs: 20_000 },
    );
    await media.stop();

    const postgres = await startPostgres();
    stage.defer(() => postgres.remove());
    await nightjar.startWorker(postgres.url);
    const catalog = await openCatalog(stage, postgres.url);
    const range = { startMs: Date.now() - LIMIT_MS, endMs: Date.now() };
    for (const [camera, reason] of Object.entries(reasons)) {
      const last = async () => {
        const told = { camera, stream: 'main', ...range, nowMs: Date.now(), resolutionMs: 0 };
        return (await catalog.timeline.timeline(told)).gaps.at(-1)?.reason;
      };
      await eventually(async () => expect([camera, await last()]).toEqual([camera, reason]), {
        withinMs: CATCH_UP_MS,
      });
    }
  });

  scenario(
    'accounts for a camera that goes, a media process that is killed and a database that is away',
    LIMIT_MS,
    async (stage) => {
      const cameras = await Cameras.start(stage, { [CAMERA]: 'synthetic' });
      const postgres = await startPostgres();
      stage.defer(() => postgres.remove());
      const nightjar = await Installation.create(stage, {
        recording: { segment: '2s' },
        cameras: { [CAMERA]: recordedCameraAt(cameras.url(CAMERA)) },
      });
      const recording = async (sinceMs: number): Promise<void> =>
        eventually(
          async () => expect(await nightjar.recordedUntilMs(CAMERA)).toBeGreaterThan(sinceMs),
          { withinMs: 20_000 },
        );
      const killed = await nightjar.startMedia();
      await nightjar.startWorker(postgres.url);
      await recording(Date.now() + 3_000);

      await cameras.inject(CAMERA, { reboot: 3 });
      await recording(Date.now() + 6_000);
      await killed.kill();
      const heir = await nightjar.startMedia();
      await recording(Date.now() + 2_000);
      await postgres.stop();
      await recording(Date.now() + 3_000);
      await postgres.start();
      await heir.stop();

      const footage = await footageOf(nightjar.volume, CAMERA);
      await expectCatalogued(postgres, footage, CATCH_UP_MS);
      const catalog = await openCatalog(stage, postgres.url);
      // The names of files know whole milliseconds, and pictures are shorter than they say by rounding.
      const range = {
        startMs: footage[0]!.startMs + 1,
        endMs: Math.floor(footage.at(-1)!.endMs) - ROUNDING_MS,
      };
      const timeline = await catalog.timeline.timeline({
        camera: CAMERA,
        stream: 'main',
        ...range,
        nowMs: Date.now(),
        resolutionMs: 0,
      });

      const lengths = (spans: Timeline['recorded'] | Timeline['gaps']): number =>
        spans.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
      const onDiskMs = footage.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
      expect(Math.abs(lengths(timeline.recorded) - onDiskMs)).toBeLessThan(
        EXACT_MS * timeline.recorded.length,
      );
      expect(lengths(timeline.recorded) + lengths(timeline.gaps)).toBeCloseTo(
        range.endMs - range.startMs,
        3,
      );
      expect(timeline).toMatchObject({ unwanted: [], deleted: [], pending: [] });
      const told = timeline.gaps
        .filter(({ missingMs }) => missingMs > EXACT_MS)
        .map(({ reason }) => reason);
      expect(told).toEqual(['camera-offline', 'process-down']);
    },
  );
});
