import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect } from '@jest/globals';
import { freePort } from '../support/free-port.js';
import { startPostgres } from '../support/postgres.js';
import { startRedis } from '../support/redis.js';
import { Cameras } from './support/cameras.js';
import { eventually, within } from './support/eventually.js';
import { complaintsAbout, segmentFiles } from './support/footage.js';
import { Metrics } from './support/metrics.js';
import { recordedCameraAt } from './support/installation.js';
import { scenario } from './support/stage.js';

const KEPT = 'kept';
const SHORT = 'short';
/** Two seconds of a 4 Mbit/s camera. */
const SEGMENT_BYTES = 1_000_000;
const LIMIT_BYTES = 2 * 1024 * 1024;
const LOGIN = { name: 'viewer', password: 'watch-all-night' };

describe.each(['postgres', 'redis'] as const)(
  'an appliance on services of its owner',
  (backend) => {
    scenario(
      `keeps to the retention policy with its queue on ${backend}, and starts no database`,
      90_000,
      async (stage) => {
        const cameras = await Cameras.start(stage, { [KEPT]: 'synthetic', [SHORT]: 'synthetic' });
        const postgres = await startPostgres();
        stage.defer(() => postgres.remove());
        const redis = backend === 'redis' ? await startRedis() : undefined;
        if (redis !== undefined) stage.defer(() => redis.remove());
        const [rtsp, http, operations] = [await freePort(), await freePort(), await freePort()];
        const dataDir = path.join(stage.directory, 'data');
        const file = path.join(stage.directory, 'nightjar.json');
        await writeFile(path.join(stage.directory, 'database-url'), postgres.url);
        await writeFile(path.join(stage.directory, 'password'), LOGIN.password);
        await writeFile(
          file,
          JSON.stringify({
            version: 1,
            dataDir,
            rtsp: { port: rtsp },
            http: { port: http },
            operations: { port: operations },
            database: { urlFile: 'database-url' },
            queue: { backend, ...(redis && { url: redis.url }) },
            retention: { interval: '1s' },
            recording: { segment: '2s' },
            users: { [LOGIN.name]: { passwordFile: 'password' } },
            cameras: {
              [KEPT]: recordedCameraAt(cameras.url(KEPT)),
              [SHORT]: recordedCameraAt(cameras.url(SHORT), { retention: { maxBytes: '2MiB' } }),
            },
          }),
        );
        const appliance = stage.start('appliance', ['--config', file]);

        const deletions = (): Promise<{ camera: string; rule: string; path: string }[]> =>
          postgres.query(
            `SELECT camera.name AS camera, rule, path FROM deletion
             JOIN stream ON stream.id = stream_id JOIN camera ON camera.id = camera_id`,
          );
        const deleted = await eventually(
          async () => {
            const rows = await deletions();
            expect(rows.length).toBeGreaterThanOrEqual(4);
            return rows;
          },
          { withinMs: 60_000 },
        );
        expect(new Set(deleted.map(({ camera, rule }) => `${camera} ${rule}`))).toEqual(
          new Set([`${SHORT} maxBytes`]),
        );
        const volume = path.join(dataDir, 'volumes', 'main');
        for (const { path: gone } of deleted)
          expect(existsSync(path.join(volume, gone))).toBe(false);

        const answer = await fetch(`http://127.0.0.1:${http}/api/v1/cameras`, {
          headers: { Authorization: `Basic ${btoa(`${LOGIN.name}:${LOGIN.password}`)}` },
        });
        expect(answer.status).toBe(200);
        const metrics = await Metrics.scrape(`http://127.0.0.1:${operations}`);
        expect(
          metrics.sum('nightjar_retention_deleted_segments_total', { rule: 'maxBytes' }),
        ).toBeGreaterThanOrEqual(4);

        appliance.signal('SIGTERM');
        expect(await within(5_000, 'ending after SIGTERM', appliance.exited)).toMatchObject({
          code: 0,
        });
        const kept = await segmentFiles(volume, KEPT);
        const left = await segmentFiles(volume, SHORT);
        const bytes = left.length * SEGMENT_BYTES;
        // The newest segments may not have been judged yet: one grows, one was closed since the last sweep.
        expect(bytes).toBeLessThanOrEqual(LIMIT_BYTES + 3 * SEGMENT_BYTES);
        expect(left.length).toBeGreaterThanOrEqual(2);
        expect(kept.length).toBeGreaterThanOrEqual(left.length + 4);
        expect(await complaintsAbout([...kept, ...left])).toEqual([]);
        expect(existsSync(path.join(dataDir, 'postgres'))).toBe(false);
      },
    );
  },
);
