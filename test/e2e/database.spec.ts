import { describe, expect } from '@jest/globals';
import { startPostgres } from '../support/postgres.js';
import { Cameras } from './support/cameras.js';
import { expectCatalogued } from './support/catalog.js';
import { eventually, pass } from './support/eventually.js';
import { footageOf, segmentFiles } from './support/footage.js';
import { Installation, recordedCameraAt } from './support/installation.js';
import { figure } from './support/scale.js';
import { scenario } from './support/stage.js';

const CAMERA = 'front-door';
const OUTAGE_SECONDS = figure(30, 8);
const CATCH_UP_MS = 15_000;
const FRAME_MS = 40;

describe('a database that is away', () => {
  scenario(
    'costs no footage, and has every segment once when it is back',
    60_000 + OUTAGE_SECONDS * 1000,
    async (stage) => {
      const cameras = await Cameras.start(stage, { [CAMERA]: CAMERA });
      const postgres = await startPostgres();
      stage.defer(() => postgres.remove());
      const nightjar = await Installation.create(stage, {
        recording: { segment: '2s' },
        cameras: { [CAMERA]: recordedCameraAt(cameras.url(CAMERA)) },
      });
      const media = await nightjar.startMedia();
      await nightjar.startWorker(postgres.url);
      const catalogued = async (): Promise<number> => {
        const [row] = await postgres.query<{ count: string }>('SELECT count(*) FROM segment');
        return Number(row?.count);
      };
      await eventually(async () => expect(await catalogued()).toBeGreaterThanOrEqual(2), {
        withinMs: 20_000,
      });

      await postgres.stop();
      const filesBefore = (await segmentFiles(nightjar.volume, CAMERA)).length;
      await pass(OUTAGE_SECONDS * 1000);
      const filesAfter = (await segmentFiles(nightjar.volume, CAMERA)).length;
      expect(filesAfter - filesBefore).toBeGreaterThanOrEqual(OUTAGE_SECONDS / 2 - 2);
      await postgres.start();
      const backMs = performance.now();
      await media.stop();
      const footage = await footageOf(nightjar.volume, CAMERA);
      await expectCatalogued(postgres, footage, CATCH_UP_MS - (performance.now() - backMs));

      expect(new Set(footage.map(({ run }) => run)).size).toBe(1);
      for (const [index, { startMs }] of footage.entries()) {
        const previous = footage[index - 1];
        if (previous !== undefined)
          expect(Math.abs(startMs - previous.endMs)).toBeLessThanOrEqual(FRAME_MS);
      }
      const { code, stderr } = await nightjar.cli(['fsck'], {
        NIGHTJAR_DATABASE_URL: postgres.url,
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    },
  );
});
