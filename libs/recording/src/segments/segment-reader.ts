import { basename } from 'node:path';
import { NightjarError } from '@nightjar/common';
import {
  keyframeAtOrBefore,
  readFragmentAt,
  readBoxAt,
  readFragments,
  readSegmentFront,
  readSegmentIndex,
  surveySegment,
} from '@nightjar/containers';
import type { Fragment, KeyframeEntry, SegmentHeader, SegmentIndex } from '@nightjar/containers';
import { FileSource } from './durable-files.js';
import { ReadAhead } from './read-ahead.js';

/** Media of a segment that miss its end by more are not stretched to it: slewing of our clock and of the camera's together. */
export const MAX_STRETCH = 1_000e-6;

/** One access unit as it was recorded. */
export interface RecordedUnit {
  /** Place of its track in `header.tracks`. */
  readonly track: number;
  /** Presentation time in the track's clock, from the start of the segment. */
  readonly ticks: number;
  readonly durationTicks: number;
  readonly keyframe: boolean;
  /** Wall time of presentation. */
  readonly wallMs: number;
  /** Owned by the caller. Form as in {@link AccessUnit.data} of `@nightjar/rtp`. */
  readonly data: Uint8Array;
}

/**
 * Reads one segment file, closed or still being written. Of a growing file only whole fragments are seen, as of the last
 * {@link SegmentReader.refresh}. Close it after use.
 */
export class SegmentReader {
  private constructor(
    private readonly source: FileSource,
    readonly header: SegmentHeader,
    private readonly mediaStart: number,
    private closedIndex: SegmentIndex | undefined,
    private entries: readonly KeyframeEntry[],
    private durationMs: number,
    private endOffset: number,
  ) {}

  /**
   * @param path absolute
   * @throws NightjarError 'data-loss' `recording/segment` when it is not a segment; the error of the file system when it is gone
   */
  static async open(path: string): Promise<SegmentReader> {
    const source = await FileSource.open(path);
    try {
      const front = await readSegmentFront(new ReadAhead(source));
      if (front === undefined)
        throw new NightjarError('protocol', 'recording/segment', 'the file has no header yet');
      const reader = new SegmentReader(
        source,
        front.header,
        front.mediaStart,
        undefined,
        [],
        0,
        front.mediaStart,
      );
      await reader.survey();
      return reader;
    } catch (error) {
      await source.close();
      if (!(error instanceof NightjarError)) throw error;
      throw new NightjarError(
        'data-loss',
        'recording/segment',
        'not a readable segment',
        { segment: basename(path) },
        error,
      );
    }
  }

  /** `ftyp` and `moov`: what a decoder needs before any fragment; the first bytes of the file. */
  async init(): Promise<Uint8Array> {
    const ftyp = await readBoxAt(this.source, 0);
    const moov = ftyp && (await readBoxAt(this.source, ftyp.end));
    // The front was read when the segment was opened.
    return this.source.read(0, moov?.end ?? 0);
  }

  /** Position behind the last whole fragment, as far as a closed segment's index or the survey tells. */
  get mediaEnd(): number {
    return this.endOffset;
  }

  /** Undefined while the segment is not closed. */
  get index(): SegmentIndex | undefined {
    return this.closedIndex;
  }

  /** Where decoding can start, rising. */
  get keyframes(): readonly KeyframeEntry[] {
    return this.entries;
  }

  get startMs(): number {
    return this.header.startMs;
  }

  /** Wall time at which the media that can be read now end. */
  get endMs(): number {
    return this.closedIndex?.endMs ?? this.header.startMs + this.durationMs;
  }

  /** Takes notice of what was written since; returns whether there is more to read, or the segment was closed. */
  async refresh(): Promise<boolean> {
    if (this.closedIndex !== undefined) return false;
    const before = this.durationMs;
    await this.source.refresh();
    await this.survey();
    return this.durationMs > before || this.closed;
  }

  /** Whether the segment was complete when last looked at. */
  get closed(): boolean {
    return this.closedIndex !== undefined;
  }

  /**
   * Wall time of a tick. In a closed segment the media are stretched onto the wall time it covers (by at most 500 ppm), so
   * that the segments of a run touch.
   */
  wallMs(track: number, ticks: number): number {
    const mediaMs = (ticks / this.clockRateHz(track)) * 1000;
    return this.header.startMs + mediaMs * this.stretch;
  }

  /** Inverse of {@link SegmentReader.wallMs}. */
  ticksAt(track: number, wallMs: number): number {
    return Math.round(
      (((wallMs - this.header.startMs) / this.stretch) * this.clockRateHz(track)) / 1000,
    );
  }

  /** The keyframe of the first track at or before a wall time, else the first; undefined when there is none. */
  keyframeAt(
    wallMs: number,
  ): { readonly wallMs: number; readonly entry: KeyframeEntry } | undefined {
    // Half a millisecond of grace: a caller that asks for the keyframe's own time must get it, however it was rounded.
    const entry = keyframeAtOrBefore(this.entries, this.ticksAt(0, wallMs + 0.5));
    return entry && { wallMs: this.wallMs(0, entry.ticks), entry };
  }

  /**
   * Whole fragments from the one that holds the keyframe at or before `wallMs`.
   * @param more as for {@link SegmentReader.unitsFrom}
   */
  async *fragmentsFrom(wallMs: number, more?: () => Promise<boolean>): AsyncGenerator<Fragment> {
    let at = this.keyframeAt(wallMs)?.entry.offset ?? this.mediaStart;
    const source = new ReadAhead(this.source);
    for (;;) {
      for await (const fragment of readFragments(source, at)) {
        yield fragment;
        at = fragment.end;
      }
      if (more === undefined || this.closed || (await readSegmentIndex(this.source)) !== undefined)
        return;
      if (!(await more())) return;
      // Times stay as they were: closing stretches those of the file a little, in the middle of what is read.
      await this.source.refresh();
    }
  }

  /** The keyframe of the index entry alone; undefined when the file has no such sample there. */
  async keyframeUnit(entry: KeyframeEntry): Promise<RecordedUnit | undefined> {
    const fragment = await readFragmentAt(new ReadAhead(this.source), entry.offset);
    const sample = fragment?.samples.find(
      ({ track, ticks, keyframe }) => track === 0 && keyframe && ticks === entry.ticks,
    );
    if (sample === undefined) return undefined;
    const { track, ticks, durationTicks, keyframe, offset, bytes } = sample;
    const data = await this.source.read(offset, bytes);
    return { track, ticks, durationTicks, keyframe, wallMs: this.wallMs(track, ticks), data };
  }

  /** Units of the first track from the keyframe of an index entry up to the next keyframe, in decode order. */
  async *gopUnits(entry: KeyframeEntry): AsyncGenerator<RecordedUnit> {
    let begun = false;
    for await (const unit of this.unitsFrom(this.wallMs(0, entry.ticks))) {
      if (unit.track !== 0) continue;
      if (begun && unit.keyframe) return;
      begun = true;
      yield unit;
    }
  }

  /**
   * Access units from the keyframe at or before `wallMs` to the end of the segment, tracks interleaved by decode time,
   * each track in decode order. Units of other tracks begin with that keyframe.
   * @param more called when a segment that is not closed has no further fragment; resolves to whether to look again
   */
  async *unitsFrom(wallMs: number, more?: () => Promise<boolean>): AsyncGenerator<RecordedUnit> {
    const start = this.keyframeAt(wallMs);
    const startMs = start?.wallMs ?? this.header.startMs;
    let begun = start === undefined;
    for await (const fragment of this.fragmentsFrom(wallMs, more)) {
      const base = fragment.samples[0]?.offset ?? 0;
      const bytes = await this.source.read(base, fragment.end - base);
      const ordered = fragment.samples
        .map((sample) => ({
          sample,
          atMs: (sample.decodeTicks / this.clockRateHz(sample.track)) * 1000,
        }))
        .sort((a, b) => a.atMs - b.atMs);
      for (const { sample } of ordered) {
        const { track, ticks, durationTicks, keyframe, offset } = sample;
        if (!begun && track === 0 && keyframe && ticks >= (start?.entry.ticks ?? 0)) begun = true;
        const unitMs = this.wallMs(track, ticks);
        if (track === 0 ? !begun : unitMs < startMs) continue;
        const data = bytes.subarray(offset - base, offset - base + sample.bytes);
        yield { track, ticks, durationTicks, keyframe, wallMs: unitMs, data };
      }
    }
  }

  close(): Promise<void> {
    return this.source.close();
  }

  private clockRateHz(track: number): number {
    const format = this.header.tracks[track];
    if (format === undefined)
      throw new NightjarError(
        'data-loss',
        'recording/segment',
        `the segment has no track ${track}`,
      );
    return format.clockRateHz;
  }

  private get stretch(): number {
    if (this.closedIndex === undefined || this.durationMs <= 0) return 1;
    const ratio = (this.closedIndex.endMs - this.header.startMs) / this.durationMs;
    // A larger ratio is no slewing: units are missing at the end.
    return Math.abs(ratio - 1) <= MAX_STRETCH ? ratio : 1;
  }

  private async survey(): Promise<void> {
    const found = await readSegmentIndex(this.source);
    let durationTicks: number;
    if (found === undefined) {
      const { summary, end } = await surveySegment(new ReadAhead(this.source), {
        header: this.header,
        mediaStart: this.mediaStart,
      });
      this.entries = summary.keyframes;
      ({ durationTicks } = summary);
      this.endOffset = end;
    } else {
      this.closedIndex = found.index;
      this.entries = found.index.keyframes;
      ({ durationTicks } = found.index);
      this.endOffset = found.offset;
    }
    this.durationMs = (durationTicks / this.clockRateHz(0)) * 1000;
  }
}
