import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Catalog } from '@nightjar/catalog';
import { ManualClock, systemClock } from '@nightjar/common';
import { parseConfig } from '@nightjar/config';
import type { NightjarConfig } from '@nightjar/config';
import { createJobsBackend, JobQueue, JobWorker } from '@nightjar/jobs';
import type { JobResult, JobsBackend } from '@nightjar/jobs';
import { Volume } from '@nightjar/recording';
import { OverrideControl, retentionProcessor, RetentionSweep } from '@nightjar/retention';
import { openCatalog, record } from '../support/catalogued.js';
import { EPOCH_MS, HOUR_MS, segmentFacts } from '../support/footage.js';
import { startPostgres } from '../support/postgres.js';
import type { TestPostgres } from '../support/postgres.js';
import { startRedis } from '../support/redis.js';
import type { TestRedis } from '../support/redis.js';
import { createTestVolume } from '../support/test-volume.js';
import type { TestVolume } from '../support/test-volume.js';
import { until } from '../support/until.js';

const FRONT = 'aaaaaaaaaaaa';
const BACK = 'bbbbbbbbbbbb';
const HALF_MEBIBYTE = 524_288;
const NOW_MS = EPOCH_MS + 5 * HOUR_MS;
const ignore = (): void => undefined;

let postgres: TestPostgres;
let redis: TestRedis;
let databases = 0;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
}, 30_000);
afterAll(async () => {
  await Promise.all([postgres.remove(), redis.remove()]);
});

describe.each(['postgres', 'redis'] as const)('retention as a job on %s', (kind) => {
  let volume: TestVolume;
  let catalog: Catalog;
  let config: NightjarConfig;
  let backend: JobsBackend;
  let queue: JobQueue;
  let worker: JobWorker;
  let finished: { result: JobResult; reason: string | undefined }[];

  beforeEach(async () => {
    volume = await createTestVolume();
    const url = await postgres.createDatabase(`retention_${++databases}`);
    catalog = await openCatalog(url, volume);
    const text = `
      version: 1
      volumes: { main: { path: ${volume.root}, minFreeBytes: 0B } }
      cameras:
        front: { streams: { main: { url: "rtsp://127.0.0.1/1" } }, retention: { maxAge: 298m } }
        back: { streams: { main: { url: "rtsp://127.0.0.1/2" } }, retention: { maxBytes: 1280KiB } }`;
    ({ config } = await parseConfig(text, 'nightjar.yaml', {}));
    backend = createJobsBackend(
      { backend: kind, url: kind === 'redis' ? redis.url : undefined },
      url,
      () => undefined,
    );
    queue = new JobQueue(backend, () => undefined);
    finished = [];
    const processor = retentionProcessor({
      catalog,
      clock: new ManualClock(NOW_MS),
      config: () => config,
      logger: { info: ignore, warn: ignore, error: ignore },
      emergencies: new OverrideControl(catalog.overrides, systemClock),
      volume: (name) => Volume.open(name, volume.root),
    });
    worker = new JobWorker(backend, [RetentionSweep], [processor], systemClock, {
      finished: (_job, result, _seconds, reason) => finished.push({ result, reason }),
      unavailable: () => undefined,
    });
    await worker.start();
  });
  afterEach(async () => {
    await worker.close();
    await queue.close();
    await catalog.close();
    await volume.remove();
  });

  it('deletes exactly what the policies of the configuration say', async () => {
    const front = [0, 1, 2, 3].map((n) => segmentFacts(FRONT, n));
    const back = [0, 1, 2, 3].map((n) =>
      segmentFacts(BACK, n, { camera: 'back', bytes: HALF_MEBIBYTE }),
    );
    await record(catalog, volume, [...front, ...back]);
    const id = await queue.enqueue(RetentionSweep, { volume: 'main' });
    await until(() => finished.length === 1);

    expect(finished).toEqual([{ result: 'completed', reason: undefined }]);
    const progress = async () => (await queue.desk.inspect(RetentionSweep.queue, id)).progress;
    await until(async () => (await progress()) !== undefined);
    expect(await progress()).toMatchObject({ fraction: 1 });
    // front: the first segment ended 299 minutes ago, the second exactly 298. back: 2 MiB have to become at most 1.25.
    expect(await volume.files()).toEqual(
      [...back.slice(2), ...front.slice(1)].map(({ path }) => path),
    );
    const deletions = await catalog.volumes.deletions(volume.id, new Date(0), 10);
    expect(deletions.map(({ path, rule }) => `${path.split('/')[0]} ${rule}`).sort()).toEqual([
      'back maxBytes',
      'back maxBytes',
      'front maxAge',
    ]);
  });

  it('fails where it can be seen when the volume is not configured', async () => {
    await queue.enqueue(RetentionSweep, { volume: 'cellar' });
    await until(() => finished.length === 1);
    expect(finished[0]).toEqual({
      result: 'retried',
      reason: 'there is no volume cellar in the configuration',
    });
  });
});
