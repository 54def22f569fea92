import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock, type WallTimeMs } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import { HourStrips, hourStripsProcessor, HttpFootage } from '@nightjar/playback';
import { jobContext } from '../support/job-context.js';
import { until } from '../support/until.js';
import { videoClip } from './recording-media.js';
import { RecordedFootage, START_MS, type StoredPicture } from './recorded-footage.js';

let folder: string;
let recorded: RecordedFootage;
let pictures: StoredPicture[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nightjar-pictures-'));
  // B-frames, so that the order of decoding is not that of time.
  const clip = videoClip(folder, { codec: 'h264', bFrames: 2, seconds: 8, fps: 25, gop: 50 });
  recorded = await RecordedFootage.create();
  await recorded.record([clip], 14_000);
  recorded.pause(10_000);
  await recorded.record([clip], 12_000);
  pictures = await recorded.pictures();
}, 120_000);
afterAll(async () => {
  await recorded.close();
  rmSync(folder, { recursive: true, force: true });
});

function footage(...ffmpeg: string[]): HttpFootage {
  const volumes = { main: { path: recorded.volume.root } };
  return new HttpFootage({
    clock: systemClock,
    ffmpeg: ffmpeg.length === 0 ? ['ffmpeg'] : ffmpeg,
    volumes: () => volumes,
  });
}

const never = new AbortController().signal;
const camera = { camera: 'front', stream: 'main' } as const;

/** How like a JPEG is to a picture of the recording, in dB; the same picture has more than any other. */
function likeness(jpeg: string, index: number): number {
  const args = ['-nostdin', '-v', 'info', '-i', jpeg, '-i', reference(index)];
  const { stderr } = spawnSync('ffmpeg', [...args, '-lavfi', 'psnr', '-f', 'null', '-'], {
    encoding: 'utf8',
  });
  return Number(/average:([\d.]+)/.exec(stderr)?.[1]);
}

/** A picture of the first segment, without loss. */
function reference(index: number): string {
  const file = join(folder, `${index}.png`);
  const segment = join(folder, 'first.mp4');
  const select = `select=eq(n\\,${index})`;
  const args = ['-nostdin', '-v', 'error', '-y', '-i', segment, '-vf', select, '-frames:v', '1'];
  execFileSync('ffmpeg', [...args, file]);
  return file;
}

describe('a snapshot', () => {
  it.each([
    ['at the time of a picture', 0],
    ['between two pictures', 20],
  ])(
    '%s is that picture, also among B-frames',
    async (_, offsetMs) => {
      const [first] = await recorded.segments();
      execFileSync('cp', [recorded.path(first!), join(folder, 'first.mp4')]);
      for (const index of [0, 37, 38, 39]) {
        const at = pictures[index]!.wallMs + offsetMs;
        const { jpeg, wallMs } = await footage().snapshot(
          { ...camera, at, size: undefined },
          never,
        );
        expect(Math.abs(wallMs - pictures[index]!.wallMs)).toBeLessThan(1);
        const file = join(folder, 'snapshot.jpg');
        writeFileSync(file, jpeg);
        const near = [index - 1, index, index + 1].filter((n) => n >= 0);
        const alike = near.map((n) => likeness(file, n));
        expect(near[alike.indexOf(Math.max(...alike))]).toBe(index);
      }
    },
    60_000,
  );

  it('of the present is the newest picture', async () => {
    const { wallMs } = await footage().snapshot(
      { ...camera, at: 'latest', size: { width: 64, height: 64 } },
      never,
    );
    expect(Math.abs(wallMs - pictures.at(-1)!.wallMs)).toBeLessThan(1);
  });

  it('is refused where nothing was recorded', async () => {
    const at = START_MS + 19_000;
    await expect(
      footage().snapshot({ ...camera, at, size: undefined }, never),
    ).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('without ffmpeg says what to do', async () => {
    const at = pictures[0]!.wallMs;
    await expect(
      footage('/nowhere/ffmpeg').snapshot({ ...camera, at, size: undefined }, never),
    ).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'footage/no-ffmpeg',
      message: expect.stringContaining('install ffmpeg'),
    });
  });

  it('may be made by a program that runs ffmpeg somewhere else', async () => {
    const request = { ...camera, at: pictures[0]!.wallMs, size: undefined };
    const { jpeg } = await footage('env', '-i', `PATH=${process.env['PATH']}`, 'ffmpeg').snapshot(
      request,
      never,
    );
    expect(jpeg.subarray(0, 2).toString('hex')).toBe('ffd8');
    await expect(footage('env', 'no-such-program').snapshot(request, never)).rejects.toMatchObject({
      code: 'footage/no-ffmpeg',
      message: expect.stringContaining('"env no-such-program" cannot be run (env: '),
    });
  });

  it('ends its program when nobody waits any more', async () => {
    const slow = join(folder, 'slow.sh');
    const begun = join(folder, 'begun');
    writeFileSync(slow, `#!/bin/sh\ntouch ${begun}\nexec sleep 60\n`, { mode: 0o755 });
    const gone = new AbortController();
    const request = { ...camera, at: pictures[0]!.wallMs, size: undefined };
    const asked = footage(slow).snapshot(request, gone.signal);
    void until(() => existsSync(begun)).then(() => gone.abort());
    await expect(asked).rejects.toMatchObject({ where: { code: 'killed' } });
    await expect(footage(slow).snapshot(request, gone.signal)).rejects.toMatchObject({
      kind: 'cancelled',
    });
  });

  it('makes few at once and refuses too many', async () => {
    const source = footage();
    const asked = await Promise.allSettled(
      Array.from({ length: 40 }, () =>
        source.snapshot({ ...camera, at: pictures[5]!.wallMs, size: undefined }, never),
      ),
    );
    const made = asked.filter(({ status }) => status === 'fulfilled');
    const refused = asked.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(made.length).toBe(18);
    for (const error of refused) expect(error).toMatchObject({ kind: 'exhausted' });
  }, 60_000);
});

describe('a strip of thumbnails', () => {
  it('has the keyframes of its times, and none for a gap', async () => {
    const request = {
      ...camera,
      startMs: START_MS,
      endMs: START_MS + 28_000,
      count: 28,
      width: 64,
    };
    const { cells, cellWidth, cellHeight } = await footage().strip(request);
    expect({ cellWidth, cellHeight }).toEqual({ cellWidth: 64, cellHeight: 36 });
    // 14 s and 4 s are recorded, a picture a second is asked for.
    expect(cells.length).toBeGreaterThanOrEqual(17);
    expect(cells.length).toBeLessThanOrEqual(18);
    for (const { timeMs, pictureMs } of cells) {
      expect(pictureMs).toBeLessThanOrEqual(timeMs);
      expect(timeMs - pictureMs).toBeLessThanOrEqual(2_000);
    }
    const jpeg = await footage().thumbnails(request, never);
    const file = join(folder, 'strip.jpg');
    writeFileSync(file, jpeg);
    const probe = execFileSync(
      'ffprobe',
      `-v error -show_entries stream=width,height -of csv=p=0 ${file}`.split(' '),
    );
    expect(probe.toString().trim()).toBe('640,72');
  }, 60_000);
});

describe('the strips of the hours', () => {
  it('are made once the hour is over, and go with its footage', async () => {
    const dataDir = join(folder, 'data');
    const nowMs = { value: START_MS + 1_000 };
    const clock = { ...systemClock, wallMs: () => nowMs.value as WallTimeMs };
    const record = [{ stream: 'main' }];
    const config = {
      dataDir,
      pictures: { ffmpeg: ['ffmpeg'] },
      volumes: { main: { path: recorded.volume.root } },
      cameras: { front: { name: 'front', record }, yard: { name: 'yard', record } },
    } as unknown as NightjarConfig;
    const job = hourStripsProcessor({ clock, config: () => config });
    const strips = join(dataDir, 'thumbnails', 'front', 'main');
    const made = (): string[] => (existsSync(strips) ? readdirSync(strips).toSorted() : []);

    await job.process({}, jobContext());
    expect(made()).toEqual([]);
    // 12:59:56 is in the hour that is over, the rest in the one that is not.
    nowMs.value = START_MS + 60_000;
    await job.process({}, jobContext());
    expect(made()).toEqual([]);
    nowMs.value = START_MS + 2 * 3_600_000;
    await job.process({}, jobContext());
    expect(made()).toEqual(['20261120T13.jpg', '20261120T13.json']);
    const { cells } = JSON.parse(readFileSync(join(strips, '20261120T13.json'), 'utf8'));
    expect(cells).toHaveLength(1);

    writeFileSync(join(strips, '20261120T02.jpg'), '');
    const before = statSync(join(strips, '20261120T13.jpg')).mtimeMs;
    await job.process({}, jobContext());
    expect(made()).toEqual(['20261120T13.jpg', '20261120T13.json']);
    expect(statSync(join(strips, '20261120T13.jpg')).mtimeMs).toBe(before);
  }, 60_000);

  it.each(['../../x.jpg', '20261120T13.png', '20261120T99.jpg', 'x', ''])(
    'are not found by the name %j',
    (name) => {
      const strips = new HourStrips(folder);
      expect(() => strips.file('front', 'main', name)).toThrow('there is no such strip');
      expect(() => strips.file('..', 'main', '20261120T13.jpg')).toThrow('there is no such strip');
    },
  );
});
