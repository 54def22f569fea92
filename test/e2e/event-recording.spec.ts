import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect } from '@jest/globals';
import { freePort } from '../support/free-port.js';
import { startPostgres } from '../support/postgres.js';
import { Cameras } from './support/cameras.js';
import { eventually, pass } from './support/eventually.js';
import { complaintsAbout, footageOf, type RecordedPicture } from './support/footage.js';
import { cameraAt } from './support/installation.js';
import { Metrics } from './support/metrics.js';
import { scenario } from './support/stage.js';

const PRE_ROLL_MS = 3_000;
const POST_ROLL_MS = 2_000;
/** Footage begins with a keyframe: so much earlier than asked for. */
const GOP_MS = 2_500;
/** From a request to what it makes of the recorder. */
const REACTION_MS = 1_000;
const LIMIT_MS = 120_000;
const LOGIN = { name: 'admin', password: 'watch-all-night' };

describe.each([1, 2])('events, with %i media processes', (processes) => {
  scenario('bring the footage around them, and privacy keeps it away', LIMIT_MS, async (stage) => {
    const names = ['front', 'back'] as const;
    const cameras = await Cameras.start(stage, { front: 'synthetic', back: 'synthetic' });
    const postgres = await startPostgres();
    stage.defer(() => postgres.remove());
    const [rtsp, http, operations] = [await freePort(), await freePort(), await freePort()];
    const dataDir = path.join(stage.directory, 'data');
    const file = path.join(stage.directory, 'nightjar.json');
    await writeFile(path.join(stage.directory, 'database-url'), postgres.url);
    await writeFile(path.join(stage.directory, 'password'), LOGIN.password);
    const event = { preRoll: `${PRE_ROLL_MS}ms`, postRoll: `${POST_ROLL_MS}ms` };
    await writeFile(
      file,
      JSON.stringify({
        version: 1,
        dataDir,
        rtsp: { port: rtsp },
        http: { port: http },
        operations: { port: operations },
        database: { urlFile: 'database-url' },
        media: { processes },
        users: { [LOGIN.name]: { passwordFile: 'password', role: 'admin' } },
        cameras: Object.fromEntries(
          names.map((name) => [
            name,
            cameraAt(cameras.url(name), { record: { mode: 'event', event } }),
          ]),
        ),
      }),
    );
    stage.start('appliance', ['--config', file]);

    const figure = async (name: string, camera: string): Promise<number> =>
      (await Metrics.scrape(`http://127.0.0.1:${operations}`)).sum(`nightjar_${name}`, { camera });
    const wanted = (value: number, camera = 'front'): Promise<void> =>
      eventually(async () => expect(await figure('recording_wanted', camera)).toBe(value), {
        withinMs: 20_000,
      });
    const post = async (
      what: string,
      body: object,
    ): Promise<{ events: { start: string; end: string }[] }> => {
      const response = await fetch(`http://127.0.0.1:${http}/api/v1/cameras/front/${what}`, {
        method: 'POST',
        headers: {
          Authorization: `Basic ${btoa(`${LOGIN.name}:${LOGIN.password}`)}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify(body),
      });
      expect(response.status).toBe(200);
      return (await response.json()) as { events: { start: string; end: string }[] };
    };
    const volume = path.join(dataDir, 'volumes', 'main');
    const pictures = async (): Promise<RecordedPicture[]> =>
      (await footageOf(volume, 'front')).flatMap((one) => one.pictures);

    // Until events are heard all is recorded; then nothing, but the camera stays connected and memory fills.
    for (const name of names) await wanted(0, name);
    await eventually(async () => expect(await figure('camera_up', 'front')).toBe(1), {
      withinMs: 10_000,
    });
    await pass(PRE_ROLL_MS + GOP_MS);

    const begun = await post('events', { type: 'motion', state: 'begin', id: 'one' });
    const beginMs = Date.parse(begun.events[0]!.start);
    await wanted(1);
    await pass(2_000);
    const ended = await post('events', { type: 'motion', state: 'end', id: 'one' });
    const endMs = Date.parse(ended.events[0]!.end);
    await wanted(0);
    await pass(REACTION_MS);

    const around = (await pictures()).filter((one) => one.endMs > beginMs - PRE_ROLL_MS - GOP_MS);
    const first = around[0]!.wallMs;
    expect(beginMs - first).toBeGreaterThanOrEqual(PRE_ROLL_MS - 100);
    expect(beginMs - first).toBeLessThan(PRE_ROLL_MS + GOP_MS);
    for (const [index, picture] of around.slice(1).entries())
      expect(Math.abs(picture.wallMs - around[index]!.endMs)).toBeLessThan(100);
    const last = around.at(-1)!.endMs;
    expect(last).toBeGreaterThan(endMs + POST_ROLL_MS - 200);
    expect(last).toBeLessThan(endMs + POST_ROLL_MS + REACTION_MS);
    expect(await figure('recording_wanted', 'back')).toBe(0);

    // Somebody asks for privacy while something happens.
    await post('events', { type: 'motion', state: 'begin', id: 'two' });
    await wanted(1);
    await pass(REACTION_MS);
    await post('recording', { action: 'privacy' });
    const privateFromMs = Date.now();
    await wanted(0);
    await pass(PRE_ROLL_MS + REACTION_MS);
    const privateToMs = Date.now();
    await post('recording', { action: 'auto' });
    await wanted(1);
    await pass(GOP_MS);
    await post('events', { type: 'motion', state: 'end', id: 'two' });
    await wanted(0);
    await pass(REACTION_MS);

    const all = await pictures();
    const kept = all.filter(
      ({ wallMs }) => wallMs > privateFromMs + REACTION_MS && wallMs < privateToMs - 100,
    );
    expect(kept).toEqual([]);
    expect(all.at(-1)!.wallMs).toBeGreaterThan(privateToMs);
    expect(await complaintsAbout(await footageOf(volume, 'front'))).toEqual([]);
  });
});
