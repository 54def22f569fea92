import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@nightjar/common';
import { StoredFootage, type VirtualFile } from '@nightjar/playback';
import {
  createRecorder,
  Journal,
  SegmentDirectory,
  SegmentReader,
  Volume,
  WallClock,
} from '@nightjar/recording';
import type { Recorder, SegmentEntry } from '@nightjar/recording';
import { CountingMetrics, pictureHashes, silentLog, TestCamera } from './recording-media.js';
import type { Clip } from './recording-media.js';

const settings = {
  segmentMs: 10_000,
  fragmentMs: 1_000,
  sync: 'fragment',
  queueBytes: 16 * 1024 * 1024,
} as const;
/** 3.2 s before a segment boundary. */
export const START_MS = Date.UTC(2026, 10, 20, 12, 59, 56, 800);
const LOOP_MS = 8_000;

/** A picture as it was recorded. */
export interface StoredPicture {
  readonly wallMs: number;
  /** Of the decoded picture. */
  readonly md5: string;
}

/** A volume with real footage of camera `front`, recorded by a clock that is turned by hand. */
export class RecordedFootage {
  readonly clock = new ManualClock(START_MS);
  private readonly recorders: Recorder[] = [];

  private constructor(
    readonly root: string,
    readonly volume: Volume,
    private readonly journal: Journal,
  ) {}

  static async create(): Promise<RecordedFootage> {
    const root = mkdtempSync(join(tmpdir(), 'nightjar-footage-'));
    const volume = await Volume.open('main', join(root, 'volume'), { adopt: 'empty' });
    const journal = await Journal.open(volume.journalDirectory, new ManualClock());
    return new RecordedFootage(root, volume, journal);
  }

  /** Records one run; it is left open when `stop` is false. */
  async record(clips: readonly Clip[], ms: number, stop = true): Promise<Recorder> {
    const camera = new TestCamera(this.clock, clips, LOOP_MS);
    const recorder = createRecorder({
      camera: 'front',
      stream: 'main',
      chooseVolume: () => ({ volume: this.volume, journal: this.journal }),
      clock: new WallClock(this.clock),
      settings,
      log: silentLog,
      metricsSink: new CountingMetrics(),
    });
    this.recorders.push(recorder);
    recorder.tracks(camera.tracks);
    await camera.play(recorder, ms);
    await (stop ? recorder.stop() : recorder.idle());
    return recorder;
  }

  /** Time in which nothing is recorded. */
  pause(ms: number): void {
    this.clock.advance(ms);
  }

  stored(): Promise<StoredFootage> {
    return StoredFootage.open({ main: { path: this.volume.root } });
  }

  segments(): Promise<SegmentEntry[]> {
    return new SegmentDirectory(this.volume).list('front', 'main', 0, Infinity);
  }

  path(segment: SegmentEntry): string {
    return this.volume.resolve(segment.path);
  }

  /** All pictures in the order in which they are seen. */
  async pictures(): Promise<StoredPicture[]> {
    const all: StoredPicture[] = [];
    for (const segment of await this.segments()) {
      const reader = await SegmentReader.open(this.path(segment));
      const times: number[] = [];
      for await (const { track, wallMs } of reader.unitsFrom(reader.startMs))
        if (track === 0) times.push(wallMs);
      await reader.close();
      times.sort((a, b) => a - b);
      const hashes = pictureHashes([this.path(segment)]);
      if (hashes.length !== times.length) throw new Error(`${hashes.length} of ${times.length}`);
      times.forEach((wallMs, index) => all.push({ wallMs, md5: hashes[index] ?? '' }));
    }
    return all;
  }

  /** Writes a virtual file down for programs that read files. */
  async save(name: string, file: VirtualFile): Promise<string> {
    const path = join(this.root, name);
    await writeFile(path, await bytesOf(file));
    return path;
  }

  async close(): Promise<void> {
    for (const recorder of this.recorders) await recorder.stop();
    await this.journal.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}

export async function bytesOf(file: VirtualFile, start = 0, end = file.size): Promise<Buffer> {
  const blocks: Uint8Array[] = [];
  for await (const block of file.read(start, end)) blocks.push(block);
  return Buffer.concat(blocks);
}
