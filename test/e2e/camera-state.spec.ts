import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect } from '@jest/globals';
import { freePort } from '../support/free-port.js';
import { startPostgres } from '../support/postgres.js';
import { Cameras } from './support/cameras.js';
import { eventually } from './support/eventually.js';
import { startGstCamera } from './support/gst-camera.js';
import { Installation, LOGIN } from './support/installation.js';
import { runProgram } from './support/program.js';
import { scenario } from './support/stage.js';

const AWAY_SECONDS = 5;
const TRIES = 3;

interface CameraView {
  readonly name: string;
  readonly offline: { readonly reason: string; readonly login: object | null }[] | null;
}

interface EventView {
  readonly type: string;
  readonly source: string;
  readonly start: string;
  readonly end: string | null;
  readonly label: string | null;
}

describe('the state of cameras', () => {
  scenario(
    'is told once, over an outage of the database; a refused login is left alone until it is mended',
    90_000,
    async (stage) => {
      const secret = 'right-one';
      const cameras = await Cameras.start(stage, { porch: 'synthetic' });
      const locked = await startGstCamera(stage, {
        host: '127.0.0.1',
        transport: ['login', `admin:${secret}`],
      });
      const postgres = await startPostgres();
      stage.defer(() => postgres.remove());
      const http = await freePort();
      await writeFile(path.join(stage.directory, 'database-url'), postgres.url);
      const reconnect = { initial: '200ms', max: '500ms' };
      const unauthorized = { tries: TRIES, pause: '1s' };
      await writeFile(path.join(stage.directory, 'wrong'), 'wrong-one');
      await writeFile(path.join(stage.directory, 'right'), secret);
      const config = (passwordFile: string): Parameters<typeof Installation.create>[1] => ({
        http: { port: http },
        database: { urlFile: 'database-url' },
        cameras: {
          porch: {
            reconnect,
            streams: {
              main: {
                url: cameras.url('porch'),
                whenOffline: { strategy: 'slate', after: '1s' },
              },
            },
            record: { stream: 'main', mode: 'event' },
          },
          // The login of the stream goes before that of the camera.
          locked: {
            credentials: { username: 'other', passwordFile: 'right' },
            reconnect: { ...reconnect, unauthorized },
            streams: {
              main: { url: `rtsp://${locked}`, credentials: { username: 'admin', passwordFile } },
            },
            record: { stream: 'main', mode: 'continuous' },
          },
        },
      });
      const nightjar = await Installation.create(stage, config('wrong'));
      stage.start('appliance', ['--config', nightjar.configFile], {
        NIGHTJAR_DATA_DIR: nightjar.dataDir,
      });
      const ask = async <Answer>(route: string): Promise<Answer> => {
        const response = await fetch(`http://127.0.0.1:${http}/api/v1/${route}`, {
          headers: { Authorization: `Basic ${btoa(`${LOGIN.username}:${LOGIN.password}`)}` },
        });
        expect(response.status).toBe(200);
        return (await response.json()) as Answer;
      };
      const offline = async (name: string): Promise<CameraView['offline'] | undefined> =>
        (await ask<CameraView[]>('cameras')).find((camera) => camera.name === name)?.offline;
      const sum = async (name: string, labels: Record<string, string>): Promise<number> =>
        (await nightjar.metrics()).sum(`nightjar_${name}`, labels);
      const cli = (...args: string[]): ReturnType<Installation['cli']> => nightjar.cli(args);

      await eventually(
        async () =>
          expect(await offline('locked')).toEqual([
            expect.objectContaining({
              stream: 'main',
              reason: 'unauthorized',
              login: { refusals: TRIES, retryAt: null },
            }),
          ]),
        { withinMs: 40_000 },
      );
      const refused = { camera: 'locked', result: 'unauthorized' };
      expect(await sum('source_connects_total', refused)).toBe(TRIES);
      expect(await sum('camera_login_refused', { camera: 'locked' })).toBe(1);
      const listed = await cli('cameras');
      expect([listed.code, listed.stdout]).toEqual([
        1,
        expect.stringMatching(
          /locked +main +main since .*: unauthorized; login refused 3 times, not tried again until the credentials change/,
        ),
      ]);

      // The camera reboots while the database is away, and somebody watches.
      await eventually(async () => expect(await sum('camera_up', { camera: 'porch' })).toBe(1), {
        withinMs: 20_000,
      });
      const player = spawn(
        'ffmpeg',
        ['-v', 'error', '-rtsp_transport', 'tcp', '-i', nightjar.url('porch'), '-f', 'null', '-'],
        { stdio: 'ignore' },
      );
      const gone = once(player, 'close');
      stage.defer(async () => {
        player.kill('SIGKILL');
        await gone;
      });
      await eventually(async () => expect(await sum('readers', { camera: 'porch' })).toBe(1), {
        withinMs: 10_000,
      });
      await postgres.stop();
      const guess = new URL(nightjar.url('porch'));
      guess.password = 'a-guess';
      const guesser = await runProgram('ffprobe', ['-rtsp_transport', 'tcp', guess.href]);
      expect(guesser.stderr).toContain('401 Unauthorized');
      await cameras.inject('porch', { reboot: AWAY_SECONDS });
      await eventually(async () => expect(await sum('stand_in', { camera: 'porch' })).toBe(1), {
        withinMs: AWAY_SECONDS * 1000,
      });
      await eventually(async () => expect(await sum('stand_in', { camera: 'porch' })).toBe(0), {
        withinMs: 2 * AWAY_SECONDS * 1000,
      });
      await postgres.start();
      const range = `start=${new Date(Date.now() - 120_000).toISOString()}&end=${new Date(Date.now() + 1000).toISOString()}`;
      const events = await eventually(
        async () => {
          const list = await ask<{ events: EventView[] }>(`cameras/porch/events?${range}`);
          expect(list.events.map(({ type, label }) => [type, label])).toEqual([
            ['camera-offline', expect.any(String)],
            ['stand-in', 'slate'],
          ]);
          return list.events;
        },
        { withinMs: 20_000 },
      );
      // So is what a media process decided meanwhile.
      const decided = await eventually(
        async () => {
          const { stdout } = await cli('audit', '--kind', 'login-failed', '--json');
          const entries = JSON.parse(stdout) as object[];
          expect(entries).not.toEqual([]);
          return entries;
        },
        { withinMs: 10_000 },
      );
      expect(decided).toEqual([
        expect.objectContaining({
          principal: LOGIN.username,
          address: '127.0.0.1',
          protocol: 'rtsp',
        }),
      ]);
      expect(await sum('audit_dropped_total', {})).toBe(0);
      expect(await sum('statements_dropped_total', {})).toBe(0);
      for (const { source, start, end } of events) {
        expect(source).toBe('nightjar');
        const seconds = (Date.parse(end ?? '') - Date.parse(start)) / 1000;
        expect(seconds).toBeGreaterThan(AWAY_SECONDS - 3);
        expect(seconds).toBeLessThan(AWAY_SECONDS + 5);
      }
      // What Nightjar tells is no reason to record.
      await eventually(
        async () => expect(await sum('recording_wanted', { camera: 'porch' })).toBe(0),
        { withinMs: 15_000 },
      );
      const table = await cli('events', 'porch', '--type', 'stand-in');
      expect(table.stdout).toMatch(/stand-in +main +nightjar +slate$/m);
      expect(await offline('porch')).toEqual([]);

      await nightjar.reconfigure(config('right'));
      await eventually(async () => expect(await offline('locked')).toEqual([]), {
        withinMs: 15_000,
      });
      await eventually(async () => expect(await sum('camera_up', { camera: 'locked' })).toBe(1), {
        withinMs: 10_000,
      });
      expect(await sum('source_connects_total', refused)).toBe(TRIES);
    },
  );
});
