import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildClip, type ClipRequest } from '@nightjar/playback';
import { audioClip, pictureHashes, videoClip, type Clip } from './recording-media.js';
import { bytesOf, RecordedFootage, START_MS, type StoredPicture } from './recorded-footage.js';

const FRAME_MS = 40;

let folder: string;
let plain: Clip;
let reordered: Clip;
let small: Clip;
let hevc: Clip;
let aac: Clip;
let g711: Clip;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nightjar-clips-'));
  const video = { seconds: 8, fps: 25, gop: 50 } as const;
  plain = videoClip(folder, { codec: 'h264', ...video });
  reordered = videoClip(folder, { codec: 'h264', bFrames: 2, ...video });
  small = videoClip(folder, { codec: 'h264', size: '160x120', ...video });
  hevc = videoClip(folder, { codec: 'h265', ...video });
  aac = audioClip(folder, 'aac', 8);
  g711 = audioClip(folder, 'pcmu', 8);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const opened: RecordedFootage[] = [];
afterAll(async () => {
  for (const footage of opened) await footage.close();
});

async function footage(): Promise<RecordedFootage> {
  const created = await RecordedFootage.create();
  opened.push(created);
  return created;
}

function request(startMs: number, endMs: number, gaps: 'cut' | 'keep' = 'cut'): ClipRequest {
  return { camera: 'front', stream: 'main', startMs, endMs, gaps };
}

/** What two programs that are not ours find wrong with a file; empty: nothing. */
function complaints(file: string): string {
  const decoded = spawnSync(
    'ffmpeg',
    ['-nostdin', '-xerror', '-v', 'error', '-i', file, '-f', 'null', '-'],
    { encoding: 'utf8' },
  );
  const discovered = spawnSync('gst-discoverer-1.0', [`file://${file}`], { encoding: 'utf8' });
  const unhappy = discovered.status === 0 ? '' : discovered.stdout + discovered.stderr;
  return `${decoded.stderr}${decoded.status === 0 ? '' : `exit ${decoded.status}`}${unhappy}`;
}

function probe(file: string, entries: string, streams?: string): string[] {
  const args = ['-v', 'error', ...(streams === undefined ? [] : ['-select_streams', streams])];
  const out = execFileSync('ffprobe', [...args, '-show_entries', entries, '-of', 'csv=p=0', file]);
  return out.toString().trim().split('\n');
}

const within = (pictures: readonly StoredPicture[], startMs: number, endMs: number): string[] =>
  pictures.filter(({ wallMs }) => wallMs >= startMs && wallMs < endMs).map(({ md5 }) => md5);

describe('a clip', () => {
  it.each([
    ['H.264 and AAC', () => [plain, aac]],
    ['H.264 with B-frames', () => [reordered]],
    ['H.265 and AAC', () => [hevc, aac]],
    ['H.264 and G.711', () => [plain, g711]],
  ])(
    'of %s shows exactly the pictures of its range',
    async (_, clips) => {
      const recorded = await footage();
      await recorded.record(clips(), 25_000);
      const pictures = await recorded.pictures();
      // Begins and ends inside a GOP, and goes over two segment boundaries.
      const [startMs, endMs] = [pictures[70]!.wallMs, pictures[580]!.wallMs];
      const clip = await buildClip(await recorded.stored(), request(startMs, endMs));
      const file = await recorded.save('clip.mp4', clip.file);
      expect(complaints(file)).toBe('');
      expect(pictureHashes([file])).toEqual(within(pictures, startMs, endMs));
      const seconds = Number(probe(file, 'format=duration')[0]);
      expect(Math.abs(seconds * 1000 - (endMs - startMs))).toBeLessThan(FRAME_MS);
      expect(clip.sources.length).toBe(3);
    },
    120_000,
  );

  it('keeps sound and picture together and as long as each other', async () => {
    const recorded = await footage();
    await recorded.record([plain, aac], 25_000);
    const pictures = await recorded.pictures();
    const [startMs, endMs] = [pictures[70]!.wallMs + 7, pictures[580]!.wallMs + 7];
    const clip = await buildClip(await recorded.stored(), request(startMs, endMs));
    const file = await recorded.save('clip.mp4', clip.file);
    for (const stream of ['v:0', 'a:0']) {
      const [line = ''] = probe(file, 'stream=start_time,duration', stream);
      const [begin = NaN, length = NaN] = line.split(',').map(Number);
      expect(Math.abs(begin)).toBeLessThan(0.07);
      expect(Math.abs(begin + length - (endMs - startMs) / 1000)).toBeLessThan(0.07);
    }
  }, 120_000);

  it('is the same file however it is read', async () => {
    const recorded = await footage();
    await recorded.record([plain, aac], 22_000);
    const stored = await recorded.stored();
    const clip = await buildClip(stored, request(START_MS + 1_000, START_MS + 20_000));
    const whole = await bytesOf(clip.file);
    expect(whole.length).toBe(clip.file.size);
    let at = 0;
    for (const step of [1, 7, 4_096, clip.frontBytes, 65_537, 300_000, whole.length]) {
      const end = Math.min(whole.length, at + step);
      expect((await bytesOf(clip.file, at, end)).equals(whole.subarray(at, end))).toBe(true);
      at = end;
    }
    const again = await buildClip(stored, request(START_MS + 1_000, START_MS + 20_000));
    expect(again.etag).toBe(clip.etag);
    const other = await buildClip(stored, request(START_MS + 1_000, START_MS + 19_000));
    expect(other.etag).not.toBe(clip.etag);
  }, 60_000);

  it('leaves out a gap, or keeps its time', async () => {
    const recorded = await footage();
    await recorded.record([plain, aac], 9_000);
    recorded.pause(20_000);
    await recorded.record([plain, aac], 9_000);
    const pictures = await recorded.pictures();
    const range = [START_MS - 5_000, START_MS + 60_000] as const;
    const stored = await recorded.stored();
    const lengths: number[] = [];
    for (const gaps of ['cut', 'keep'] as const) {
      const clip = await buildClip(stored, request(...range, gaps));
      expect(clip.holes).toHaveLength(1);
      const file = await recorded.save(`${gaps}.mp4`, clip.file);
      expect(complaints(file)).toBe('');
      expect(pictureHashes([file])).toEqual(within(pictures, ...range));
      lengths.push(Number(probe(file, 'format=duration')[0]));
    }
    const [cut = 0, keep = 0] = lengths;
    expect(Math.abs(cut - 18)).toBeLessThan(0.3);
    expect(Math.abs(keep - 38)).toBeLessThan(0.3);
  }, 120_000);

  it('goes on through a change of parameter sets', async () => {
    const recorded = await footage();
    await recorded.record([plain], 6_000);
    await recorded.record([small], 6_000);
    const clip = await buildClip(await recorded.stored(), request(START_MS, START_MS + 20_000));
    const file = await recorded.save('change.mp4', clip.file);
    expect(complaints(file)).toBe('');
    const lines = probe(file, 'frame=width,height', 'v:0');
    const sizes = new Set(lines.flatMap((line) => line.match(/^\d+,\d+/) ?? []));
    expect([...sizes]).toEqual(['320,240', '160,120']);
  }, 60_000);

  it('uses a segment that is being written up to its last whole fragment', async () => {
    const recorded = await footage();
    const recorder = await recorded.record([plain, aac], 6_500, false);
    const stored = await recorded.stored();
    const clip = await buildClip(stored, request(START_MS, START_MS + 60_000));
    expect(clip.growing).toBe(true);
    const file = await recorded.save('live.mp4', clip.file);
    expect(complaints(file)).toBe('');
    const seconds = Number(probe(file, 'format=duration')[0]);
    expect(seconds).toBeGreaterThan(4.5);
    expect(seconds).toBeLessThan(6.6);
    await recorder.stop();
    // What was promised is still the same although the file has grown.
    const [segment] = await recorded.segments();
    expect(await recorded.save('later.mp4', clip.file)).toBeDefined();
    expect(segment?.open).toBe(false);
    expect(complaints(join(recorded.root, 'later.mp4'))).toBe('');
  }, 60_000);

  it('ends instead of sending something else when footage is deleted or damaged', async () => {
    const recorded = await footage();
    await recorded.record([plain], 22_000);
    const clip = await buildClip(await recorded.stored(), request(START_MS, START_MS + 22_000));
    const [first, second] = await recorded.segments();
    await truncate(recorded.path(first!), 50_000);
    await expect(bytesOf(clip.file)).rejects.toMatchObject({ code: 'footage/short-file' });
    await rm(recorded.path(second!));
    const behind = clip.frontBytes + clip.sources[0]!.length;
    await expect(bytesOf(clip.file, behind)).rejects.toMatchObject({ code: 'ENOENT' });
  }, 60_000);

  it('says that there is nothing, or that a volume is away', async () => {
    const recorded = await footage();
    await recorded.record([plain], 3_000);
    const { StoredFootage } = await import('@nightjar/playback');
    const empty = request(START_MS + 100_000, START_MS + 110_000);
    await expect(buildClip(await recorded.stored(), empty)).rejects.toMatchObject({
      kind: 'not-found',
    });
    const partly = await StoredFootage.open({
      main: { path: recorded.volume.root },
      archive: { path: join(recorded.root, 'not-mounted') },
    });
    await expect(buildClip(partly, empty)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('archive'),
    });
    expect(
      (await buildClip(partly, request(START_MS, START_MS + 2_000))).file.size,
    ).toBeGreaterThan(1_000);
  }, 60_000);
});
