import { mkdtempSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@nightjar/common';
import type { PacketBatch } from '@nightjar/relay';
import type { CodecConfig, Packetizer } from '@nightjar/rtp';
import { createPacketizer, formatOf } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import { Journal } from '../src/journal/journal.js';
import { readJournal } from '../src/journal/journal-reader.js';
import type { JournalLine, RecordOf } from '../src/journal/journal-records.js';
import type { RecordingLog, RecordingMetrics, RecordingSettings } from '../src/ports.js';
import { createRecorder } from '../src/recorder/recorder.js';
import type { Recorder } from '../src/recorder/recorder.js';
import type { RecorderOptions } from '../src/recorder/recorder-options.js';
import { SegmentDirectory } from '../src/segments/segment-directory.js';
import type { SegmentEntry } from '../src/segments/segment-directory.js';
import { Volume } from '../src/volumes/volume.js';
import { WallClock } from '../src/time/wall-clock.js';

/** 2 s before a minute. */
export const START_MS = Date.UTC(2026, 10, 20, 12, 59, 58);
const FRAME_MS = 40;
const GOP = 25;
const FRAME_TICKS = 3_600;

/** Real parameter sets (x264, 320x240), so that a moov can be made; the slices behind them are made up. */
export const VIDEO: CodecConfig = {
  codec: 'h264',
  sps: Buffer.from('6764000dacd94141fa1000000300100000030320f1429960', 'hex'),
  pps: Buffer.from('68ebe3cb22c0', 'hex'),
  widthPx: 320,
  heightPx: 240,
};
export const SOUND: CodecConfig = { codec: 'pcmu', sampleRateHz: 8_000, channels: 1 };

export const quietLog: RecordingLog = { info: () => {}, warn: () => {}, error: () => {} };

export class Figures implements RecordingMetrics {
  readonly gaps: string[] = [];
  readonly drops: string[] = [];
  seconds = 0;
  /** What every write is answered with. */
  diskError: Error | undefined;
  bytesWritten(): void {
    if (this.diskError !== undefined) throw this.diskError;
  }
  mediaWritten(seconds: number): void {
    this.seconds += seconds;
  }
  lastSample(): void {}
  dropped(reason: string): void {
    this.drops.push(reason);
  }
  gap(reason: string): void {
    this.gaps.push(reason);
  }
  fragmentWrite(): void {}
  segmentCommit(): void {}
}

/** @param fill every byte of the slice's data; not zero */
export function videoUnit(keyframe: boolean, bytes = 200, fill = 0x55): Buffer {
  const nal = Buffer.alloc(bytes, fill);
  nal[0] = keyframe ? 0x65 : 0x41;
  // first_mb_in_slice = 0: the slice begins a picture.
  nal[1] = 0x88;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(nal.length);
  return Buffer.concat([length, nal]);
}

/** One recorder on a volume of its own, fed with a made-up camera; everything goes by a clock that is turned by hand. */
export class Bench {
  readonly clock = new ManualClock(START_MS);
  readonly figures = new Figures();
  readonly settings: RecordingSettings = {
    segmentMs: 10_000,
    fragmentMs: 1_000,
    sync: 'fragment',
    queueBytes: 1024 * 1024,
  };
  private readonly video: Packetizer = createPacketizer(VIDEO, {
    payloadType: 96,
    ssrc: 1,
    firstSequence: 1,
  });
  private readonly sound: Packetizer = createPacketizer(SOUND, {
    payloadType: 0,
    ssrc: 2,
    firstSequence: 1,
  });
  private frame = 0;
  /** Added to the camera's video clock. */
  videoShiftTicks = 0;
  /** The camera sends nothing, and does not count what it does not send. */
  silent = false;
  /** Frames whose packets are lost. */
  loseFrame: (frame: number) => boolean = () => false;
  frameBytes = 200;
  /** What the data of a frame consist of. */
  fillOf: (frame: number) => number = () => 0x55;

  private constructor(
    public volume: Volume,
    public journal: Journal,
  ) {}

  static async open(): Promise<Bench> {
    const root = mkdtempSync(join(tmpdir(), 'nightjar-recording-'));
    const volume = await Volume.open('main', root, { adopt: 'empty' });
    return new Bench(volume, await Journal.open(volume.journalDirectory, new ManualClock()));
  }

  recorder(options: Partial<RecorderOptions> = {}): Recorder {
    return createRecorder({
      camera: 'front',
      stream: 'main',
      chooseVolume: () => ({ volume: this.volume, journal: this.journal }),
      clock: new WallClock(this.clock),
      settings: this.settings,
      log: quietLog,
      metricsSink: this.figures,
      ...options,
    });
  }

  get tracks(): SdpTrack[] {
    return [
      { format: formatOf(VIDEO, 96), control: 'v', direction: 'recvonly' },
      { format: formatOf(SOUND, 0), control: 'a', direction: 'recvonly' },
    ];
  }

  /** Sends so many seconds of video and sound. With `rest`, the disk may work after each frame. */
  async play(recorder: Recorder, seconds: number, rest = true): Promise<void> {
    for (
      let end = this.frame + Math.round((seconds * 1000) / FRAME_MS);
      this.frame < end;
      this.frame += 1
    ) {
      this.clock.advance(FRAME_MS);
      if (this.silent) continue;
      const keyframe = this.frame % GOP === 0;
      const ticks = (this.frame * FRAME_TICKS + this.videoShiftTicks + 2 ** 33) % 2 ** 32;
      const pictures = this.video.packetize(
        { data: videoUnit(keyframe, this.frameBytes, this.fillOf(this.frame)), keyframe },
        ticks,
      );
      const sounds = this.sound.packetize(
        { data: Buffer.alloc(320), keyframe: true },
        this.frame * 320,
      );
      if (!this.loseFrame(this.frame)) {
        recorder.batch(
          this.batch([
            ...pictures.map((p) => [0, p] as const),
            ...sounds.map((p) => [1, p] as const),
          ]),
        );
      }
      if (rest) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private batch(packets: readonly (readonly [track: number, packet: Buffer])[]): PacketBatch {
    const offsets: number[] = [];
    let at = 0;
    for (const [, packet] of packets) {
      offsets.push(at);
      at += packet.length;
    }
    return {
      bytes: Buffer.concat(packets.map(([, packet]) => packet)),
      count: packets.length,
      offsets: Uint32Array.from(offsets),
      lengths: Uint32Array.from(packets, ([, packet]) => packet.length),
      tracks: Uint8Array.from(packets, ([track]) => track),
      keyframeAt: -1,
      arrivalMs: this.clock.monotonicMs(),
    };
  }

  async lines<T extends JournalLine['type']>(type: T): Promise<RecordOf<T>[]> {
    const lines: JournalLine[] = [
      ...(await readJournal(this.volume.journalDirectory, undefined, 2 ** 24)).lines,
    ];
    return lines.filter((line): line is JournalLine & RecordOf<T> => line.type === type);
  }

  segments(): Promise<SegmentEntry[]> {
    return new SegmentDirectory(this.volume).list('front', 'main', 0, Number.MAX_SAFE_INTEGER);
  }

  /** Goes on with what a crash at this moment would leave on the disk. */
  async crash(recorder: Recorder): Promise<void> {
    await recorder.idle();
    const left = mkdtempSync(join(tmpdir(), 'nightjar-recording-'));
    await cp(this.volume.root, left, { recursive: true });
    await recorder.stop();
    await this.close();
    this.volume = await Volume.open('main', left);
    this.journal = await Journal.open(this.volume.journalDirectory, new ManualClock());
  }

  async close(): Promise<void> {
    await this.journal.close().catch(() => undefined);
    rmSync(this.volume.root, { recursive: true, force: true });
  }
}
