import { describe, expect } from '@jest/globals';
import { startPostgres } from '../support/postgres.js';
import { Cameras } from './support/cameras.js';
import { expectCatalogued } from './support/catalog.js';
import { eventually, pass } from './support/eventually.js';
import { complaintsAbout, footageOf } from './support/footage.js';
import { Installation, recordedCameraAt } from './support/installation.js';
import { figure } from './support/scale.js';
import { scenario } from './support/stage.js';

const CAMERAS = ['front-door', 'gate'];
const KILLS = figure(10, 4);
/** Each life ends at a random moment of this length, after recording has begun. */
const LIFE_MS = { least: 1_000, most: 5_000 };
const MISSING_LIMIT_MS = 1_500;
const CATALOG_LIMIT_MS = 15_000;

describe('a media process that is killed at random moments', () => {
  const limitMs = 40_000 + KILLS * 12_000;

  scenario(
    'loses at most 1.5 s each time, leaves files that play, and a catalog that agrees',
    limitMs,
    async (stage) => {
      const cameras = await Cameras.start(
        stage,
        Object.fromEntries(CAMERAS.map((name) => [name, name])),
      );
      const postgres = await startPostgres();
      stage.defer(() => postgres.remove());
      const nightjar = await Installation.create(stage, {
        recording: { segment: '3s' },
        cameras: Object.fromEntries(
          CAMERAS.map((name) => [name, recordedCameraAt(cameras.url(name))]),
        ),
      });
      let media = await nightjar.startMedia();
      await nightjar.startWorker(postgres.url);
      const kills: number[] = [];
      for (let kill = 0; kill < KILLS; kill++) {
        await eventually(
          async () => {
            for (const camera of CAMERAS)
              expect(await nightjar.recordedSeconds(camera)).toBeGreaterThan(0);
          },
          { withinMs: 10_000 },
        );
        await pass(LIFE_MS.least + Math.random() * (LIFE_MS.most - LIFE_MS.least));
        kills.push(Date.now());
        expect(await media.kill()).toEqual({ code: null, signal: 'SIGKILL' });
        media = await nightjar.startMedia();
      }
      await media.stop();

      const all = [];
      for (const camera of CAMERAS) {
        const footage = await footageOf(nightjar.volume, camera);
        all.push(...footage);
        expect(new Set(footage.map(({ run }) => run)).size).toBeGreaterThanOrEqual(KILLS);
        for (const killedMs of kills) {
          const reachedMs = Math.max(
            ...footage.filter(({ startMs }) => startMs < killedMs).map(({ endMs }) => endMs),
          );
          expect(killedMs - reachedMs).toBeLessThanOrEqual(MISSING_LIMIT_MS);
        }
      }
      expect(await complaintsAbout(all)).toEqual([]);
      await expectCatalogued(postgres, all, CATALOG_LIMIT_MS);
      const { code, stdout, stderr } = await nightjar.cli(['fsck'], {
        NIGHTJAR_DATABASE_URL: postgres.url,
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).not.toMatch(/file-without-row|row-without-file|row-differs|unclosed|damaged/);
    },
  );
});
