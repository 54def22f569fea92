import { describe, expect } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Appliance, VIEWER } from './support/appliance.js';
import { openPage } from './support/browser.js';
import { Cameras } from './support/cameras.js';
import { concurrently } from './support/concurrently.js';
import { eventually } from './support/eventually.js';
import { decodedPictures, decodingErrors, probeTracks } from './support/ffmpeg.js';
import { footageOf } from './support/footage.js';
import { recordedCameraAt } from './support/installation.js';
import { runProgram } from './support/program.js';
import { sharedStage, type Stage } from './support/stage.js';

const CAMERAS = ['front-door', 'garden', 'gate'];
/** What the clips of the cameras hold. */
const kindsOf = (camera: string): string[] =>
  camera === 'front-door' ? ['video', 'audio'] : ['video'];
const SECONDS_BEFORE = 14;
const OUTAGE_SECONDS = 4;
const SECONDS_AFTER = 10;
const SETUP_LIMIT_MS = 120_000;

interface Picture {
  readonly wallMs: number;
  readonly keyframe: boolean;
  /** MD5 of the decoded picture. */
  readonly md5: string;
}

interface Recorded {
  readonly nightjar: Appliance;
  /** By camera, in the order in which they are seen, without the file that still grows. */
  readonly pictures: Readonly<Record<string, readonly Picture[]>>;
}

async function record(stage: Stage): Promise<Recorded> {
  const clips = Object.fromEntries(CAMERAS.map((name) => [name, name]));
  const cameras = await Cameras.start(stage, clips);
  await writeFile(path.join(stage.directory, 'garden-password'), 'only-the-garden');
  const nightjar = await Appliance.start(stage, {
    recording: { segment: '4s' },
    cameras: Object.fromEntries(CAMERAS.map((name) => [name, recordedCameraAt(cameras.url(name))])),
    users: { gardener: { passwordFile: 'garden-password', cameras: ['garden'] } },
  });
  const recorded = async (seconds: number): Promise<void> => {
    for (const camera of CAMERAS) {
      await eventually(
        async () => expect(await nightjar.recordedSeconds(camera)).toBeGreaterThanOrEqual(seconds),
        { withinMs: (seconds + 20) * 1000, everyMs: 250 },
      );
    }
  };
  await recorded(SECONDS_BEFORE);
  for (const camera of CAMERAS) await cameras.inject(camera, { refuse: OUTAGE_SECONDS });
  await recorded(SECONDS_BEFORE + SECONDS_AFTER);
  const entries: [string, Picture[]][] = [];
  for (const camera of CAMERAS) entries.push([camera, await picturesOf(nightjar.volume, camera)]);
  return { nightjar, pictures: Object.fromEntries(entries) };
}

async function picturesOf(volume: string, camera: string): Promise<Picture[]> {
  const files = (await footageOf(volume, camera)).slice(0, -1);
  const all = await concurrently(files, async ({ file, pictures }) => {
    const decoded = await decodedPictures(['-i', file]);
    const shown = pictures.toSorted((a, b) => a.wallMs - b.wallMs);
    expect(decoded).toHaveLength(shown.length);
    return shown.map(({ wallMs, keyframe }, index) => ({ wallMs, keyframe, md5: decoded[index]! }));
  });
  return all.flat();
}

const time = (ms: number): string => new Date(Math.round(ms)).toISOString();

/** A range that begins and ends between pictures, and not at a keyframe. */
function rangeOf(pictures: readonly Picture[], from: number, to: number) {
  const startMs = Math.round(pictures[from]!.wallMs - 10);
  const endMs = Math.round(pictures[to]!.wallMs - 10);
  const inside = pictures.filter(({ wallMs }) => wallMs >= startMs && wallMs < endMs);
  return {
    startMs,
    endMs,
    md5s: inside.map(({ md5 }) => md5),
    query: `start=${time(startMs)}&end=${time(endMs)}`,
  };
}

function apiPath(camera: string, rest: string): string {
  return `/api/v1/cameras/${camera}/${rest}`;
}

describe('footage over HTTP', () => {
  const withFootage = sharedStage(SETUP_LIMIT_MS, record);

  for (const camera of CAMERAS) {
    withFootage(
      `clip.mp4 of ${camera} shows the pictures of its range, over an outage`,
      60_000,
      async ({ nightjar, pictures }) => {
        const all = pictures[camera]!;
        const { query, md5s } = rangeOf(all, 40, all.length - 20);
        const url = nightjar.url(apiPath(camera, `clip.mp4?${query}`));
        expect(await decodingErrors(['-xerror', '-i', url])).toBe('');
        expect(await decodedPictures(['-i', url])).toEqual(md5s);
        await decodeWithGStreamer(url, kindsOf(camera));
      },
    );

    withFootage(
      `playlist.m3u8 of ${camera} plays in ffmpeg without a complaint`,
      60_000,
      async ({ nightjar, pictures }) => {
        const all = pictures[camera]!;
        const { startMs, endMs, query } = rangeOf(all, 40, all.length - 20);
        const url = nightjar.url(apiPath(camera, `playlist.m3u8?${query}&ranges=url`));
        expect(await decodingErrors(['-xerror', '-i', url])).toBe('');
        const shown = await decodedPictures(['-i', url]);
        // It holds whole groups: from the keyframe before the start to the one behind the end.
        const first = all.findIndex(({ md5 }) => md5 === shown[0]);
        expect(all[first]!.wallMs).toBeLessThanOrEqual(startMs);
        expect(all[first + shown.length - 1]!.wallMs).toBeGreaterThanOrEqual(endMs - 50);
        expect(shown).toEqual(all.slice(first, first + shown.length).map(({ md5 }) => md5));

        await decodeWithGStreamer(
          nightjar.url(apiPath(camera, `playlist.m3u8?${query}`)),
          kindsOf(camera),
        );

        const { username, password } = VIEWER;
        const login = Buffer.from(`${username}:${password}`).toString('base64');
        const headers = ['-headers', `Authorization: Basic ${login}\r\n`];
        const plain = nightjar.origin + apiPath(camera, `playlist.m3u8?${query}`);
        expect(await decodingErrors(['-xerror', ...headers, '-i', plain])).toBe('');
        expect(await decodedPictures([...headers, '-i', plain])).toEqual(shown);
        const text = await (await nightjar.fetch(plain.slice(nightjar.origin.length))).text();
        // One run on each side of the outage: their files play without a seam.
        expect(text.match(/#EXT-X-DISCONTINUITY\n/g)).toHaveLength(1);
        expect(text.match(/#EXT-X-MAP:/g)).toHaveLength(2);
        expect(text).toMatch(/#EXT-X-BYTERANGE:\d+@\d+\n/);
      },
    );
  }

  withFootage('serves ranges as RFC 9110 has them', 30_000, async ({ nightjar, pictures }) => {
    const { query } = rangeOf(pictures['front-door']!, 40, 200);
    const target = apiPath('front-door', `clip.mp4?${query}`);
    const whole = await nightjar.fetch(target);
    const bytes = Buffer.from(await whole.arrayBuffer());
    expect(whole.status).toBe(200);
    expect(whole.headers.get('accept-ranges')).toBe('bytes');
    expect(Number(whole.headers.get('content-length'))).toBe(bytes.length);
    const etag = whole.headers.get('etag')!;
    expect(etag).toMatch(/^"[\w-]{20,}"$/);

    const ask = (headers: Record<string, string>, method = 'GET') =>
      nightjar.fetch(target, { headers, method });
    const head = await ask({}, 'HEAD');
    expect(head.headers.get('content-length')).toBe(String(bytes.length));
    expect(await head.text()).toBe('');
    for (const [range, start, end] of [
      ['bytes=0-0', 0, 1],
      ['bytes=1000-299999', 1_000, 300_000],
      ['bytes=-5000', bytes.length - 5_000, bytes.length],
      [`bytes=${bytes.length - 1}-`, bytes.length - 1, bytes.length],
    ] as const) {
      const part = await ask({ range, 'if-range': etag });
      expect(part.status).toBe(206);
      expect(part.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/${bytes.length}`);
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(start, end))).toBe(true);
    }
    const beyond = await ask({ range: `bytes=${bytes.length}-` });
    expect(beyond.status).toBe(416);
    expect(beyond.headers.get('content-range')).toBe(`bytes */${bytes.length}`);
    expect((await ask({ range: 'bytes=0-9', 'if-range': '"other"' })).status).toBe(200);
    expect((await ask({ 'if-none-match': etag })).status).toBe(304);
  });

  withFootage('refuses what it should refuse', 30_000, async ({ nightjar, pictures }) => {
    const { query, startMs } = rangeOf(pictures['front-door']!, 40, 200);
    const status = async (target: string, login = VIEWER): Promise<number> => {
      const response = await nightjar.fetch(target, {}, login);
      await response.arrayBuffer();
      return response.status;
    };
    const gardener = { username: 'gardener', password: 'only-the-garden' };
    const clip = (camera: string, text: string): string => apiPath(camera, `clip.mp4?${text}`);
    expect((await fetch(nightjar.origin + clip('front-door', query))).status).toBe(401);
    expect(await status(clip('front-door', query), { ...VIEWER, password: 'x' })).toBe(401);
    expect(await status(clip('front-door', query), gardener)).toBe(403);
    expect(await status(clip('garden', query), gardener)).toBe(200);
    expect(await status(clip('no-such-camera', query))).toBe(404);
    expect(await status(clip('front-door', `${query}&stream=sub`))).toBe(404);
    expect(await status(clip('front-door', `${query}&stream=..%2Fgarden`))).toBe(400);
    expect(await status(clip('front-door', 'start=yesterday&end=now'))).toBe(400);
    expect(await status(clip('front-door', `start=${time(startMs)}&end=${time(startMs)}`))).toBe(
      400,
    );
    const long = `start=${time(startMs - 100 * 3_600_000)}&end=${time(startMs)}`;
    const answer = await nightjar.fetch(clip('front-door', long));
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('at most 24 hours');
    const playlist = await (
      await nightjar.fetch(apiPath('front-door', `playlist.m3u8?${query}`))
    ).text();
    const [uri = '', file = ''] = /segments\/(\d[^?]+)\?[\w=&]+/.exec(playlist) ?? [];
    expect(await status(apiPath('front-door', uri))).toBe(200);
    expect(await status(apiPath('garden', uri))).toBe(404);
    for (const name of [
      '..%2F..%2F..%2Fnightjar.yaml',
      `..%2F${file}`,
      `%2e%2e%2f${file}`,
      `${file}%00`,
      `x${file}`,
      file.replace('_000', '_0000'),
      'a'.repeat(5_000),
    ]) {
      expect(await status(apiPath('front-door', `segments/${name}?stream=main`))).toBe(404);
    }
  });

  withFootage('plays and seeks in a browser', 90_000, async ({ nightjar, pictures }, stage) => {
    const all = pictures['front-door']!;
    const { query, startMs, endMs } = rangeOf(all, 40, all.length - 20);
    const page = await openPage(stage, nightjar.url('/api/v1/cameras'));
    const shares = [0.9, 0.1, 0.5];
    const clip = JSON.stringify(apiPath('front-door', `clip.mp4?${query}`));
    const progressive = await page.evaluate<{ duration: number; reached: number[] }>(
      `playFile(${clip}, ${JSON.stringify(shares)})`,
    );
    const expected = (endMs - startMs - longestStep(all)) / 1000;
    expect(Math.abs(progressive.duration - expected)).toBeLessThan(0.3);
    progressive.reached.forEach((share, index) => expect(share).toBeCloseTo(shares[index]!, 1));

    const list = apiPath('front-door', `playlist.m3u8?${query}`);
    const [, stored = ''] =
      /\n(segments\/\d[^\n]+)/.exec(await (await nightjar.fetch(list)).text()) ?? [];
    const file = apiPath('front-door', stored);
    await decodeWithGStreamer(nightjar.url(file), kindsOf('front-door'));
    const played = await page.evaluate<{ duration: number }>(`playFile('${file}', [0.5])`);
    const appended = await page.evaluate<{ duration: number; ranges: number }>(
      `appendFile('${file}', 'video/mp4; codecs="avc1.42c01e,mp4a.40.2"')`,
    );
    // A file of four seconds, from one keyframe to the next.
    for (const { duration } of [played, appended]) expect(Math.abs(duration - 4)).toBeLessThan(2.1);
    expect(appended.ranges).toBe(1);

    const playlist = JSON.stringify(list);
    const hls = await page.evaluate<{ duration: number; at: number; problems: string[] }>(
      `playHls(${playlist})`,
    );
    expect(hls.problems).toEqual([]);
    expect(Math.abs(hls.at - hls.duration)).toBeLessThan(0.5);
    expect(hls.duration).toBeGreaterThan(expected - 0.5);
  });

  withFootage('makes pictures', 60_000, async ({ nightjar, pictures }, stage) => {
    const all = pictures['front-door']!;
    const { query } = rangeOf(all, 40, all.length - 20);
    const at = all[77]!.wallMs;
    const save = async (name: string, target: string): Promise<string> => {
      const response = await nightjar.fetch(apiPath('front-door', target));
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('image/jpeg');
      const file = path.join(stage.directory, name);
      await writeFile(file, Buffer.from(await response.arrayBuffer()));
      return file;
    };
    const full = await save('full.jpg', `snapshot.jpg?at=${time(at + 5)}`);
    expect(await probeTracks(['-f', 'image2', full])).toEqual(['video mjpeg 640x360']);
    const small = await save('small.jpg', 'snapshot.jpg?at=latest&width=160');
    expect(await probeTracks(['-f', 'image2', small])).toEqual(['video mjpeg 160x90']);
    const response = await nightjar.fetch(
      apiPath('front-door', `thumbnails.json?${query}&count=12&width=96`),
    );
    const { cells } = (await response.json()) as { cells: { time: string; picture: string }[] };
    expect(cells.length).toBeGreaterThanOrEqual(8);
    const strip = await save('strip.jpg', `thumbnails.jpg?${query}&count=12&width=96`);
    const size = `${96 * Math.min(10, cells.length)}x${54 * Math.ceil(cells.length / 10)}`;
    expect(await probeTracks(['-f', 'image2', strip])).toEqual([`video mjpeg ${size}`]);
    const keyframes = all.filter(({ keyframe }) => keyframe).map(({ wallMs }) => wallMs);
    for (const { picture } of cells) {
      const pictureMs = Date.parse(picture);
      expect(Math.min(...keyframes.map((ms) => Math.abs(ms - pictureMs)))).toBeLessThan(20);
    }
  });

  withFootage('exports with a manifest', 90_000, async ({ nightjar, pictures }, stage) => {
    const all = pictures['front-door']!;
    const { query, startMs, endMs, md5s } = rangeOf(all, 40, all.length - 20);
    const post = (body: object): Promise<Response> =>
      nightjar.fetch('/api/v1/exports', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const order = {
      cameras: [{ camera: 'front-door' }, { camera: 'garden', stream: 'main' }],
      start: time(startMs),
      end: time(endMs),
    };
    const future = { ...order, end: time(Date.now() + 3_600_000) };
    expect((await post(future)).status).toBe(400);
    for (const camera of [{ camera: 'graden' }, { camera: 'gate', stream: 'sub' }]) {
      const refused = await post({ ...order, cameras: [...order.cameras, camera] });
      expect(refused.status).toBe(404);
      expect(await refused.text()).toMatch(
        /there is no camera graden|camera gate has no stream sub/,
      );
    }
    const created = await post(order);
    expect(created.status).toBe(202);
    const { id } = (await created.json()) as { id: string };
    const done = await eventually(
      async () => {
        const view: any = await (await nightjar.fetch(`/api/v1/exports/${id}`)).json();
        expect(view).toMatchObject({ state: 'done', progress: 1 });
        return view;
      },
      { withinMs: 40_000, everyMs: 250 },
    );
    const saved: Record<string, Buffer> = {};
    for (const { name, url, sha256 } of done.files) {
      const bytes = Buffer.from(await (await nightjar.fetch(url)).arrayBuffer());
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
      saved[name] = bytes;
    }
    const manifest = JSON.parse(saved['manifest.json']!.toString());
    expect(manifest).toMatchObject({ format: 'nightjar-export', start: order.start });
    const [film, garden] = manifest.files;
    expect(garden.camera).toBe('garden');
    expect(film.sources.length).toBeGreaterThan(3);
    expect(film.sources.every((source: any) => source.recorded === 'match')).toBe(true);
    expect(film.gaps.length).toBeGreaterThan(0);
    const file = path.join(stage.directory, 'film.mp4');
    await writeFile(file, saved[film.file]!);
    expect(await decodingErrors(['-xerror', '-i', file])).toBe('');
    expect(await decodedPictures(['-i', file])).toEqual(md5s);

    const byHand = path.join(stage.directory, 'by-hand.mp4');
    const args = ['export', 'front-door', '--start', order.start, '--end', order.end];
    const cli = await nightjar.cli([...args, '-o', byHand, '--json']);
    expect(cli).toMatchObject({ code: 0, stderr: '' });
    expect((await readFile(byHand)).equals(saved[film.file]!)).toBe(true);
    expect(JSON.parse(cli.stdout)).toMatchObject({ sha256: film.sha256, bytes: film.bytes });
    expect(await nightjar.cli([...args, '-o', byHand])).toMatchObject({ code: 1 });

    const gardener = { username: 'gardener', password: 'only-the-garden' };
    const seen = await nightjar.fetch('/api/v1/exports', {}, gardener);
    expect(await seen.json()).toEqual([]);
    expect((await nightjar.fetch(`/api/v1/exports/${id}`, {}, gardener)).status).toBe(404);
    expect((await nightjar.fetch(`/api/v1/exports/${id}/files/..%2Fx`)).status).toBe(404);
    expect((await nightjar.fetch(`/api/v1/exports/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await nightjar.fetch(done.files[0].url)).status).toBe(404);
    expect(query).toBeDefined();
  });
});

/** To the end, with the elements that GStreamer chooses by itself. */
async function decodeWithGStreamer(url: string, kinds: readonly string[]): Promise<void> {
  const branches = kinds.map((kind) => `source. ! queue ! ${kind}convert ! fakesink sync=false`);
  const args = [
    '-q',
    'uridecodebin',
    `uri=${url}`,
    'name=source',
    ...branches.join(' ').split(' '),
  ];
  const { code, stderr } = await runProgram('gst-launch-1.0', args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
}

/** The time without pictures in the middle of a recording. */
function longestStep(pictures: readonly Picture[]): number {
  return Math.max(
    ...pictures.slice(1).map(({ wallMs }, index) => wallMs - pictures[index]!.wallMs),
  );
}
