import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  encodeFragment,
  encodeInitSegment,
  encodeSegmentHeader,
  encodeSegmentIndex,
  MediaSummary,
} from '@nightjar/containers';
import { printSegmentPath, type SegmentName } from '@nightjar/recording';
import { formatOf } from '@nightjar/rtp';
import { FILLING_VIDEO } from './filling.js';

const PAYLOAD_TYPE = 96;
const CLOCK_HZ = 90_000;

/** Segments of one run that are closed and whole, but small: for what goes by their number, not by their bytes. */
export class SegmentMaker {
  private readonly made = new Set<string>();

  private constructor(
    private readonly volume: string,
    private readonly init: Buffer,
    private readonly stream: Pick<SegmentName, 'camera' | 'stream' | 'run'>,
    private readonly startMs: number,
    private readonly segmentMs: number,
    private readonly keyframe: Buffer,
  ) {}

  /**
   * @param volume folder
   * @param run 12 lower-case hex digits
   * @param startMs of the first segment, Unix epoch
   */
  static async of(
    volume: string,
    camera: string,
    run: string,
    {
      startMs,
      segmentMs,
      keyframeBytes,
    }: {
      readonly startMs: number;
      readonly segmentMs: number;
      readonly keyframeBytes: number;
    },
  ): Promise<SegmentMaker> {
    const init = await encodeInitSegment([{ config: FILLING_VIDEO, clockRateHz: CLOCK_HZ }]);
    const keyframe = Buffer.alloc(keyframeBytes, 0x55);
    keyframe.writeUInt32BE(keyframeBytes - 4);
    keyframe[4] = 0x65;
    keyframe[5] = 0x88;
    const stream = { camera, stream: 'main', run };
    return new SegmentMaker(volume, init, stream, startMs, segmentMs, keyframe);
  }

  /** Writes the segment at a place in the run: one keyframe every two seconds. */
  write(sequence: number): void {
    const startMs = this.startMs + sequence * this.segmentMs;
    const samples = Array.from({ length: Math.ceil(this.segmentMs / 2_000) }, () => ({
      data: this.keyframe,
      durationTicks: 2 * CLOCK_HZ,
      compositionTicks: 0,
      keyframe: true,
    }));
    const { head, data } = encodeFragment(1, [{ track: 0, baseDecodeTicks: 0, samples }]);
    const header = encodeSegmentHeader({
      version: 1,
      ...this.stream,
      sequence,
      startMs,
      tracks: [{ ...formatOf(FILLING_VIDEO, PAYLOAD_TYPE), clockRateHz: CLOCK_HZ }],
      previousHash: null,
    });
    const front = Buffer.concat([this.init, header]);
    const summary = new MediaSummary(true);
    summary.fragment(
      front.length,
      samples.map(({ durationTicks, keyframe }, index) => ({
        track: 0,
        ticks: index * durationTicks,
        decodeTicks: index * durationTicks,
        durationTicks,
        keyframe,
      })),
    );
    const media = Buffer.concat([front, head, ...data]);
    const index = encodeSegmentIndex({
      version: 1,
      endMs: startMs + this.segmentMs,
      durationTicks: summary.durationTicks,
      fragments: summary.fragments,
      samples: summary.samples,
      keyframes: summary.keyframes,
      hash: createHash('sha256').update(media).digest('hex'),
    });
    writeFileSync(this.place(sequence), Buffer.concat([media, index]));
  }

  /** Only the name of a segment: whoever goes by names cannot tell the difference. */
  name(sequence: number): void {
    writeFileSync(this.place(sequence), '');
  }

  private place(sequence: number): string {
    const startMs = this.startMs + sequence * this.segmentMs;
    const file = path.join(this.volume, printSegmentPath({ ...this.stream, sequence, startMs }));
    const folder = path.dirname(file);
    if (!this.made.has(folder)) {
      mkdirSync(folder, { recursive: true });
      this.made.add(folder);
    }
    return file;
  }
}
