import { describe, expect } from '@jest/globals';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { Appliance, VIEWER } from './support/appliance.js';
import { Cameras } from './support/cameras.js';
import { eventually } from './support/eventually.js';
import { decodingErrors, probeTracks, rtspInput } from './support/ffmpeg.js';
import { recordedCameraAt } from './support/installation.js';
import { runProgram } from './support/program.js';
import { RtspClient } from './support/rtsp-client.js';
import { RtspPlayer } from './support/rtsp-player.js';
import { sharedStage, type Stage } from './support/stage.js';

const CAMERAS = ['front-door', 'garden'];
/** Logins, each by another kind of secret. */
const GARDENER = { username: 'gardener', password: 'only-the-garden' };
const GATE = { username: 'Gate.Keeper', password: 'keeps:the=gate' };
const BOSS = { username: 'boss', password: 'sees-it-all' };
/** Linux answers on all of 127.0.0.0/8, so that one machine can be many clients. */
const GUESSER = '127.0.0.66';
const SOMEBODY_ELSE = '127.0.0.77';
const FAST = '127.0.0.88';
const MANY = '127.0.0.99';
/** Connections to the HTTP port of one address. */
const HTTP_CONNECTIONS = 12;

interface Guarded {
  readonly nightjar: Appliance;
  readonly startMs: number;
}

async function guard(stage: Stage): Promise<Guarded> {
  const cameras = await Cameras.start(
    stage,
    Object.fromEntries(CAMERAS.map((name) => [name, name])),
  );
  const startMs = Date.now();
  const secret = (name: string, text: string): Promise<void> =>
    writeFile(path.join(stage.directory, name), text);
  await secret('boss', BOSS.password);
  await secret('gate', GATE.password);
  await secret('old-users', `${GARDENER.username}:${GARDENER.password}\n`);
  const nightjar = await Appliance.start(stage, {
    recording: { segment: '4s' },
    access: { logins: { tries: 5, window: '1h' } },
    limits: { httpRequestsPerSecond: 30, httpConnectionsPerAddress: HTTP_CONNECTIONS },
    cameras: Object.fromEntries(CAMERAS.map((name) => [name, recordedCameraAt(cameras.url(name))])),
    users: {
      [BOSS.username]: { passwordFile: 'boss', role: 'admin' },
      [GATE.username]: {
        passwordFile: 'gate',
        permissions: [{ actions: ['view'], cameras: ['front-door'] }],
      },
    },
  });
  for (const camera of CAMERAS)
    await eventually(
      async () => expect(await nightjar.recordedSeconds(camera)).toBeGreaterThan(6),
      { withinMs: 30_000, everyMs: 250 },
    );
  return { nightjar, startMs };
}

/** HTTP status for one more login by curl, which comes from `address`. */
async function httpLogin(
  nightjar: Appliance,
  { username, password }: typeof VIEWER,
  address: string,
): Promise<{ readonly status: string; readonly retryAfter: string }> {
  const { stdout } = await runProgram('curl', [
    '-s',
    '-o',
    '/dev/null',
    '-w',
    '%{http_code} %header{retry-after}',
    '--interface',
    address,
    '-u',
    `${username}:${password}`,
    `${nightjar.origin}/api/v1/cameras`,
  ]);
  const [status = '', retryAfter = ''] = stdout.split(' ');
  return { status, retryAfter };
}

/** What ffprobe finds at a URL, or what it complains of. */
async function probe(url: string): Promise<string> {
  const args = ['-v', 'error', '-rtsp_transport', 'tcp', '-show_entries', 'stream=codec_type'];
  const { code, stdout, stderr } = await runProgram('ffprobe', [...args, '-of', 'csv=p=0', url]);
  return code === 0 ? stdout.trim() : stderr;
}

describe('access', () => {
  const withGuarded = sharedStage(90_000, guard);

  withGuarded(
    'an address that asks too fast over HTTP is told to wait, and others are not',
    30_000,
    async ({ nightjar }) => {
      const { stdout } = await runProgram('curl', [
        '-s',
        '-o',
        '/dev/null',
        '-w',
        '%{http_code} %header{retry-after}\n',
        '--interface',
        FAST,
        `${nightjar.origin}/api/v1/cameras?n=[1-400]`,
      ]);
      const answers = stdout.trim().split('\n');
      expect(answers[0]).toBe('401 ');
      expect(answers.filter((answer) => answer === '429 1').length).toBeGreaterThan(100);
      expect((await httpLogin(nightjar, VIEWER, SOMEBODY_ELSE)).status).toBe('200');
      expect(
        (await nightjar.metrics()).sum('nightjar_limit_refusals_total', { limit: 'http-requests' }),
      ).toBeGreaterThan(100);
    },
  );

  withGuarded(
    'a limit of connections to the HTTP port is told, and disturbs none',
    30_000,
    async ({ nightjar }, stage) => {
      const { hostname: host, port } = new URL(nightjar.origin);
      const held = Array.from({ length: HTTP_CONNECTIONS }, () =>
        connect({ host, port: Number(port), localAddress: MANY }),
      );
      stage.defer(() => Promise.resolve(held.forEach((socket) => socket.destroy())));
      await Promise.all(held.map((socket) => once(socket, 'connect')));
      expect(await httpLogin(nightjar, VIEWER, MANY)).toEqual({ status: '503', retryAfter: '5' });
      expect((await httpLogin(nightjar, VIEWER, SOMEBODY_ELSE)).status).toBe('200');
      const metrics = await nightjar.metrics();
      expect(metrics.sum('nightjar_http_silent_connections')).toBeGreaterThanOrEqual(held.length);
      expect(
        metrics.sum('nightjar_limit_refusals_total', { limit: 'http-connections-per-address' }),
      ).toBe(1);
      held[0]!.destroy();
      await eventually(
        async () => expect((await httpLogin(nightjar, VIEWER, MANY)).status).toBe('200'),
        { withinMs: 5_000 },
      );
    },
  );

  withGuarded(
    'a viewer of one camera watches that one, live, and nothing else',
    60_000,
    async ({ nightjar }) => {
      const url = (mount: string): string => nightjar.rtspUrl(mount, GATE);
      expect(await probe(url('front-door'))).toContain('video');
      expect(await probe(url('garden'))).toContain('403 Forbidden');
      expect(await probe(url('no-such-camera'))).toContain('403 Forbidden');
      expect(await probe(url('playback/front-door'))).toContain('403 Forbidden');
      expect(await probe(url('front-door/no-such-stream'))).toContain('404 Not Found');
      expect(await probe(nightjar.rtspUrl('front-door', { ...GATE, password: 'x' }))).toContain(
        '401 Unauthorized',
      );
      const list = await nightjar.fetch('/api/v1/cameras', {}, GATE);
      expect((await list.json()) as object[]).toMatchObject([{ name: 'front-door' }]);
      const statuses = ['front-door', 'garden', 'no-such-camera'].map(async (camera) => {
        const target = `/api/v1/cameras/${camera}/snapshot.jpg?at=latest`;
        return (await nightjar.fetch(target, {}, GATE)).status;
      });
      expect(await Promise.all(statuses)).toEqual([403, 403, 403]);
    },
  );

  withGuarded(
    'hashes made by the command let users of other software in',
    60_000,
    async ({ nightjar }, stage) => {
      const imported = await nightjar.cli([
        'user',
        'import',
        path.join(stage.directory, 'old-users'),
      ]);
      expect(imported).toMatchObject({ code: 0, stderr: '' });
      expect(imported.stdout).not.toContain(GARDENER.password);
      const hash = /passwordHash: (\[.*\])/.exec(imported.stdout)?.[1] ?? '';
      const passwordHash = JSON.parse(hash.replaceAll("'", '"')) as string[];
      await nightjar.changeUsers({
        [GARDENER.username]: { passwordHash, cameras: ['garden'] },
      });
      await eventually(
        async () =>
          expect((await nightjar.fetch('/api/v1/cameras', {}, GARDENER)).status).toBe(200),
        { withinMs: 10_000, everyMs: 200 },
      );
      await eventually(
        async () => expect(await probe(nightjar.rtspUrl('garden', GARDENER))).toContain('video'),
        { withinMs: 10_000, everyMs: 200 },
      );
    },
  );

  withGuarded(
    'a signed URL plays what it is for without a login, until its rights end',
    90_000,
    async ({ nightjar, startMs }) => {
      const sign = async (
        body: object,
        login = BOSS,
      ): Promise<{ status: number; urls: Record<string, string> }> => {
        const response = await nightjar.fetch(
          '/api/v1/cameras/front-door/urls',
          {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(body),
          },
          login,
        );
        const { urls = {} } = (await response.json()) as { urls?: Record<string, string> };
        return { status: response.status, urls };
      };
      const live = await sign({ action: 'view', for: '10m' });
      expect(live.status).toBe(201);
      expect(
        await decodingErrors(['-rtsp_transport', 'tcp', '-i', live.urls['rtsp']!, '-t', '1']),
      ).toBe('');
      expect(await decodingErrors([...rtspInput('udp', live.urls['rtsp']!), '-t', '1'])).toBe('');
      expect(await probe(live.urls['rtsp']!.replace('/front-door?', '/garden?'))).toContain('403');
      expect(
        await probe(live.urls['rtsp']!.replace('/front-door?', '/playback/front-door?')),
      ).toContain('403');
      expect(await probe(`${live.urls['rtsp']}x`)).toContain('401');

      const range = {
        start: new Date(startMs).toISOString(),
        end: new Date(startMs + 60_000).toISOString(),
      };
      const replay = await sign({ action: 'playback', ...range });
      const { rtsp = '', clip = '', playlist = '' } = replay.urls;
      expect(await decodingErrors(['-rtsp_transport', 'tcp', '-i', rtsp, '-t', '2'])).toBe('');
      expect(await probeTracks(['-i', clip])).toContainEqual(expect.stringContaining('video h264'));
      expect(await decodingErrors(['-i', playlist, '-t', '3'])).toBe('');
      const other = {
        start: new Date(startMs - 3_600_000).toISOString(),
        end: range.end,
      };
      const moved = (url: string): string => url.replace(range.start, other.start);
      expect(moved(rtsp)).not.toBe(rtsp);
      expect(await probe(moved(rtsp))).toContain('403');
      expect(await probe(rtsp.replace(/start=[^&]*&/, ''))).toContain('403');
      expect((await fetch(moved(clip))).status).toBe(403);
      expect((await fetch(moved(playlist))).status).toBe(403);
      expect((await fetch(clip.replace('clip.mp4', 'thumbnails.json'))).status).toBe(200);
      expect((await fetch(moved(clip).replace('clip.mp4', 'thumbnails.json'))).status).toBe(403);
      const newest = `${new URL(clip).origin}/api/v1/cameras/front-door/snapshot.jpg?at=latest`;
      expect(
        (await fetch(`${newest}&token=${new URL(clip).searchParams.get('token')}`)).status,
      ).toBe(403);
      expect(
        (await fetch(`${nightjar.origin}/api/v1/cameras?${new URL(clip).searchParams.toString()}`))
          .status,
      ).toBe(403);

      const elsewhere = await sign({ action: 'view', address: '192.0.2.1' });
      expect(await probe(elsewhere.urls['rtsp']!)).toContain('401');
      expect((await sign({ action: 'view' }, GATE)).status).toBe(403);
      expect((await sign({ action: 'view', for: '400d' })).status).toBe(400);
      const byCommand = await nightjar.cli([
        'url',
        'front-door',
        '--for',
        '5m',
        '--host',
        '127.0.0.1',
      ]);
      expect(await probe(byCommand.stdout.split('\n')[0]!)).toContain('video');
    },
  );

  withGuarded(
    'a guesser has to wait in every protocol, and the rightful user gets in meanwhile',
    90_000,
    async ({ nightjar }, stage) => {
      const guess = { username: VIEWER.username, password: 'a-guess' };
      const bystander = await RtspPlayer.open(stage, nightjar.rtspUrl('front-door', VIEWER));
      await bystander.play();
      for (let tries = 0; tries < 5; tries++)
        expect((await httpLogin(nightjar, guess, GUESSER)).status).toBe('401');
      const refused = await httpLogin(nightjar, guess, GUESSER);
      expect(refused.status).toBe('429');
      expect(Number(refused.retryAfter)).toBeGreaterThan(60);
      // Not even the right one tells the guesser whether it is.
      expect((await httpLogin(nightjar, VIEWER, GUESSER)).status).toBe('429');
      const guesser = await RtspClient.connect(nightjar.rtspUrl('front-door', guess), GUESSER);
      stage.defer(() => Promise.resolve(guesser.close()));
      await eventually(
        async () => {
          const answer = await guesser.ask('DESCRIBE', guesser.url);
          expect(answer.status).toBe(403);
          expect(Number(answer.headers.get('Retry-After'))).toBeGreaterThan(60);
        },
        { withinMs: 10_000, everyMs: 500 },
      );
      expect((await httpLogin(nightjar, VIEWER, SOMEBODY_ELSE)).status).toBe('200');
      expect(await probe(nightjar.rtspUrl('front-door', VIEWER))).toContain('video');
      expect(bystander.video.lost).toBe(0);
      expect(bystander.client.isClosed).toBe(false);
      expect(stage.log('appliance')).not.toContain('a-guess');
    },
  );

  withGuarded(
    'what was decided is written down, for administrators alone',
    60_000,
    async ({ nightjar }) => {
      interface Page {
        readonly entries: readonly Readonly<Record<string, unknown>>[];
        readonly next?: string;
      }
      const page = async (query: string, login = BOSS): Promise<Page> =>
        (await (await nightjar.fetch(`/api/v1/audit?${query}`, {}, login)).json()) as Page;
      await eventually(
        async () => {
          const { entries } = await page('limit=1000');
          for (const [kind, protocol] of [
            ['login-failed', 'http'],
            ['login-failed', 'rtsp'],
            ['login-throttled', 'http'],
            ['denied', 'rtsp'],
            ['denied', 'http'],
            ['playback', 'rtsp'],
            ['playback', 'http'],
            ['url-signed', 'http'],
          ])
            expect(entries).toContainEqual(expect.objectContaining({ kind, protocol }));
          expect(entries).toContainEqual(
            expect.objectContaining({ kind: 'configuration-changed', data: { sections: 'users' } }),
          );
        },
        { withinMs: 20_000, everyMs: 500 },
      );
      const denied = await page('kind=denied&limit=1000');
      expect(denied.entries).toContainEqual(
        expect.objectContaining({
          principal: GATE.username,
          address: '127.0.0.1',
          protocol: 'rtsp',
          camera: 'garden',
          data: { action: 'view' },
        }),
      );
      const all = (await page('limit=1000')).entries.map(({ id }) => id);
      const seen: unknown[] = [];
      for (let next = ''; ;) {
        const { entries, next: following } = await page(`limit=4${next && `&before=${next}`}`);
        seen.push(...entries.map(({ id }) => id));
        if (following === undefined) break;
        next = following;
      }
      expect(seen.slice(-all.length)).toEqual(all);
      expect((await nightjar.fetch('/api/v1/audit', {}, VIEWER)).status).toBe(403);
      expect((await nightjar.fetch('/api/v1/audit?before=x', {}, BOSS)).status).toBe(400);
      expect((await nightjar.fetch('/api/v1/audit?kind=x', {}, BOSS)).status).toBe(400);
      const listed = await nightjar.cli(['audit', '--kind', 'url-signed', '--json']);
      expect(JSON.parse(listed.stdout)).toContainEqual(
        expect.objectContaining({ kind: 'url-signed', principal: BOSS.username }),
      );
      const wrong = await nightjar.cli(['audit', '--kind', 'dened']);
      expect(wrong).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('did you mean "denied"'),
      });
    },
  );
});
