import { mkdtempSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import {
  createRecorder,
  Journal,
  readJournal,
  SegmentDirectory,
  SegmentReader,
  Volume,
  WallClock,
} from '@nightjar/recording';
import type { JournalLine, Recorder, SegmentEntry } from '@nightjar/recording';
import {
  audioClip,
  CountingMetrics,
  decodeErrors,
  pictureHashes,
  silentLog,
  TestCamera,
  videoClip,
} from './recording-media.js';
import type { Clip } from './recording-media.js';

const settings = {
  segmentMs: 10_000,
  fragmentMs: 1_000,
  sync: 'fragment',
  queueBytes: 16 * 1024 * 1024,
} as const;
/** The test cameras start here: 3.2 s before a segment boundary. */
const START = Date.UTC(2026, 10, 20, 12, 59, 56, 800);
const LOOP_MS = 8_000;

let clips: string;
let h264: Clip;
let root: string;
let clock: ManualClock;
let volume: Volume;
let journal: Journal;
let metrics: CountingMetrics;
let recorder: Recorder;

beforeAll(() => {
  clips = mkdtempSync(join(tmpdir(), 'nightjar-clips-'));
  h264 = videoClip(clips, { codec: 'h264', seconds: 8, fps: 25, gop: 50 });
}, 60_000);
afterAll(() => rmSync(clips, { recursive: true, force: true }));

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'nightjar-volume-'));
  clock = new ManualClock(START);
  volume = await Volume.open('main', root, { adopt: 'empty' });
  journal = await Journal.open(volume.journalDirectory, clock);
  metrics = new CountingMetrics();
  recorder = createRecorder({
    camera: 'front',
    stream: 'main',
    chooseVolume: () => ({ volume, journal }),
    clock: new WallClock(clock),
    settings,
    log: silentLog,
    metricsSink: metrics,
  });
});
afterEach(async () => {
  await recorder.stop();
  await journal.close();
  rmSync(root, { recursive: true, force: true });
});

const segments = (): Promise<SegmentEntry[]> =>
  new SegmentDirectory(volume, { openSegment: () => recorder.openSegment }).list(
    'front',
    'main',
    0,
    Infinity,
  );

async function journalLines(): Promise<JournalLine[]> {
  return [...(await readJournal(volume.journalDirectory, undefined)).lines];
}

function mediaSeconds(file: string, stream: string): number {
  const out = execFileSync('ffprobe', [
    '-v',
    'error',
    '-select_streams',
    stream,
    '-show_entries',
    'packet=dts_time,duration_time',
    '-of',
    'csv=p=0',
    file,
  ]);
  const rows = out
    .toString()
    .trim()
    .split('\n')
    .map((row) => row.split(',').map(Number))
    .filter((row) => Number.isFinite(row[0]));
  const first = rows[0] ?? [];
  const last = rows.at(-1) ?? [];
  return (last[0] ?? 0) + (last[1] || 0) - (first[0] ?? 0);
}

/** Records 35 s and checks what every recording must hold. */
async function recordAndCheck(tracks: readonly Clip[], frameMs: number): Promise<SegmentEntry[]> {
  const camera = new TestCamera(clock, tracks, LOOP_MS);
  recorder.tracks(camera.tracks);
  await camera.play(recorder, 35_000);
  await recorder.stop();
  const list = await segments();
  expect(list.length).toBeGreaterThanOrEqual(4);
  for (const [index, segment] of list.entries()) {
    const file = volume.resolve(segment.path);
    expect(decodeErrors(file)).toBe('');
    expect(segment.sequence).toBe(index);
    const mediaMs = mediaSeconds(file, tracks[0]?.clockRateHz === 90_000 ? 'v:0' : 'a:0') * 1000;
    expect(Math.abs(segment.endMs - segment.startMs - mediaMs)).toBeLessThan(frameMs);
    const next = list[index + 1];
    if (next !== undefined) expect(segment.endMs).toBe(next.startMs);
    const reader = await SegmentReader.open(file);
    expect(reader.closed).toBe(true);
    expect(Math.abs(reader.endMs - segment.endMs)).toBeLessThan(1);
    await reader.close();
  }
  const recordedMs = (list.at(-1)?.endMs ?? 0) - (list[0]?.startMs ?? 0);
  expect(Math.abs(recordedMs - 35_000)).toBeLessThan(500);
  return list;
}

describe('recorded files', () => {
  it('H.264: decode without a line of output, touch, and follow the wall clock', async () => {
    const list = await recordAndCheck([h264], 40);
    for (const segment of list.slice(1)) {
      // Keyframes come every 2 s: each cut is the first one at or after a boundary.
      expect(segment.startMs % 10_000).toBeLessThan(2_000);
    }
    const types = (await journalLines()).map((line) => line.type);
    expect(types[0]).toBe('run-started');
    expect(types.at(-1)).toBe('run-ended');
    expect(types.filter((type) => type === 'segment-closed')).toHaveLength(list.length);
    expect(metrics.gaps).toEqual([]);
  }, 60_000);

  it('H.264 with B-frames', async () => {
    await recordAndCheck(
      [videoClip(clips, { codec: 'h264', seconds: 8, fps: 25, gop: 50, bFrames: 3 })],
      40,
    );
  }, 60_000);

  it('H.265', async () => {
    await recordAndCheck(
      [videoClip(clips, { codec: 'h265', seconds: 8, fps: 25, gop: 50, bFrames: 2 })],
      40,
    );
  }, 60_000);

  it.each(['aac', 'opus', 'pcmu', 'pcma'] as const)(
    'H.264 with %s',
    async (codec) => {
      const audio = audioClip(clips, codec, 8);
      const list = await recordAndCheck([h264, audio], 40);
      let soundMs = 0;
      for (const segment of list) {
        const file = volume.resolve(segment.path);
        const seconds = mediaSeconds(file, 'a:0');
        soundMs += seconds * 1000;
        expect(Math.abs(seconds * 1000 - (segment.endMs - segment.startMs))).toBeLessThan(200);
      }
      expect(Math.abs(soundMs - 35_000)).toBeLessThan(400);
    },
    60_000,
  );

  it.each([
    ['h264', 0],
    ['h264', 3],
    ['h265', 3],
  ] as const)(
    'hold every picture that the camera sent: %s with %d B-frames',
    async (codec, bFrames) => {
      const clip = videoClip(clips, { codec, seconds: 8, fps: 25, gop: 50, bFrames });
      const camera = new TestCamera(clock, [clip], LOOP_MS);
      recorder.tracks(camera.tracks);
      await camera.play(recorder, 8_000);
      await recorder.stop();
      const files = (await segments()).map(({ path }) => volume.resolve(path));
      expect(files).toHaveLength(2);
      expect(pictureHashes(files)).toEqual(pictureHashes([clip.file]));
    },
    60_000,
  );

  it('sound alone', async () => {
    await recordAndCheck([audioClip(clips, 'aac', 8)], 130);
  }, 60_000);

  it('a change of resolution begins a segment in the same run', async () => {
    const small = videoClip(clips, {
      codec: 'h264',
      seconds: 8,
      fps: 25,
      gop: 50,
      size: '160x120',
    });
    const first = new TestCamera(clock, [h264], LOOP_MS);
    recorder.tracks(first.tracks);
    await first.play(recorder, 6_000);
    const second = new TestCamera(clock, [small], LOOP_MS);
    await second.play(recorder, 6_000);
    await recorder.stop();
    const list = await segments();
    expect(new Set(list.map((segment) => segment.run)).size).toBe(1);
    for (const segment of list) expect(decodeErrors(volume.resolve(segment.path))).toBe('');
    const sets = [];
    for (const segment of list) {
      const reader = await SegmentReader.open(volume.resolve(segment.path));
      sets.push(reader.header.tracks[0]?.fmtp['sprop-parameter-sets']);
      await reader.close();
    }
    expect(new Set(sets).size).toBe(2);
  }, 60_000);

  it('lost packets leave decodable files and gaps in the ledger', async () => {
    const camera = new TestCamera(clock, [h264], LOOP_MS);
    camera.lose = (packet) => packet === 230 || packet === 430;
    recorder.tracks(camera.tracks);
    await camera.play(recorder, 20_000);
    await recorder.stop();
    for (const segment of await segments())
      expect(decodeErrors(volume.resolve(segment.path))).toBe('');
    const gaps = (await journalLines()).filter((line) => line.type === 'gap');
    expect(gaps.length).toBe(2);
    for (const gap of gaps) {
      expect(gap.reason).toBe('packet-loss');
      expect(gap.endMs - gap.startMs).toBeGreaterThan(40);
      expect(gap.endMs - gap.startMs).toBeLessThanOrEqual(2_040);
    }
  }, 60_000);

  it('a camera that leaves and returns makes two runs and a gap between them', async () => {
    const camera = new TestCamera(clock, [h264], LOOP_MS);
    recorder.tracks(camera.tracks);
    await camera.play(recorder, 5_000);
    recorder.interrupted('closed');
    clock.advance(7_000);
    const again = new TestCamera(clock, [h264], LOOP_MS);
    await again.play(recorder, 5_000);
    await recorder.stop();
    const list = await segments();
    const runs = [...new Set(list.map((segment) => segment.run))];
    expect(runs).toHaveLength(2);
    const endOfFirst = list.findLast((segment) => segment.run === runs[0])?.endMs ?? 0;
    const startOfSecond = list.find((segment) => segment.run === runs[1])?.startMs ?? 0;
    const gaps = (await journalLines()).filter((line) => line.type === 'gap');
    expect(gaps).toMatchObject([{ reason: 'closed', endMs: startOfSecond }]);
    expect(Math.abs((gaps[0]?.startMs ?? 0) - endOfFirst)).toBeLessThan(1);
    expect(Math.abs(startOfSecond - endOfFirst - 7_000)).toBeLessThan(100);
  }, 60_000);
});
