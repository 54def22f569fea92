import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { dirname } from 'node:path';
import type { Clock } from '@nightjar/common';
import { encodeSegmentHeader, encodeSegmentIndex, MediaSummary } from '@nightjar/containers';
import type { EncodedFragment, SampleLocation, SegmentHeader } from '@nightjar/containers';
import { makeDirectory, syncDirectory } from './durable-files.js';
import type { CreateSegmentFile, SegmentFile } from './durable-files.js';
import type { JournalSink } from '../journal/journal.js';
import type { RecordOf } from '../journal/journal-records.js';
import type { RecordingMetrics, SyncPolicy } from '../ports.js';
import { printSegmentPath } from './segment-path.js';
import type { Volume } from '../volumes/volume.js';

/** Samples of a fragment as the index needs them. */
export type IndexedSample = Pick<
  SampleLocation,
  'track' | 'ticks' | 'decodeTicks' | 'durationTicks' | 'keyframe'
>;

/** A segment that begins. */
export interface SegmentStart {
  readonly header: Omit<SegmentHeader, 'previousHash'>;
  /** `ftyp` and `moov`. */
  readonly init: Promise<Buffer>;
}

/** Where the bytes of one segment go; used by one task at a time. */
export interface GrowingSegmentOptions {
  readonly volume: Volume;
  readonly journal: JournalSink;
  readonly clock: Clock;
  readonly sync: SyncPolicy;
  readonly metrics: RecordingMetrics;
  readonly createFile: CreateSegmentFile;
}

/**
 * One segment file while it grows: append only, one writev per fragment, a running hash. Any method may reject with the
 * error of the file system; the file then holds whole fragments and perhaps a torn one, which recovery cuts.
 */
export class GrowingSegment {
  private readonly hash: Hash = createHash('sha256');
  private readonly summary: MediaSummary;
  private file: SegmentFile | undefined;
  private size = 0;
  private previousHash: string | null = null;
  readonly path: string;
  /** What the journal was told when the file was created. */
  opened: RecordOf<'segment-opened'> | undefined;

  constructor(
    private readonly options: GrowingSegmentOptions,
    private readonly start: SegmentStart,
  ) {
    this.summary = new MediaSummary(start.header.tracks[0]?.kind === 'video');
    this.path = printSegmentPath(start.header);
  }

  /** Wall time up to which whole fragments were written. */
  get endMs(): number {
    const rate = this.start.header.tracks[0]?.clockRateHz ?? 1;
    return this.start.header.startMs + (this.summary.durationTicks / rate) * 1000;
  }

  /**
   * Writes a fragment; the first one creates the file, after the journal knows of it. The data of the fragment must stay
   * as they are until this resolves or rejects.
   */
  async append(
    fragment: EncodedFragment,
    samples: readonly IndexedSample[],
    previousHash: string | null,
  ): Promise<void> {
    const { clock, metrics, sync } = this.options;
    const front = this.file === undefined ? await this.create(previousHash) : [];
    const startedMs = clock.monotonicMs();
    const frontBytes = front.reduce((sum, part) => sum + part.length, 0);
    const beforeMs = this.endMs;
    await this.write([...front, fragment.head, ...fragment.data], sync === 'fragment');
    metrics.fragmentWrite((clock.monotonicMs() - startedMs) / 1000);
    metrics.bytesWritten(frontBytes + fragment.bytes);
    this.summary.fragment(this.size - fragment.bytes, samples);
    metrics.mediaWritten((this.endMs - beforeMs) / 1000);
    metrics.lastSample(this.endMs);
  }

  /**
   * Appends the index, makes the file durable and tells the journal.
   * @param endMs wall time at which the next segment begins, or the media end
   * @returns the hash of the segment, or undefined when no fragment was ever written: there is no file then
   */
  async close(endMs: number): Promise<string | undefined> {
    const { clock, journal, metrics, sync, volume } = this.options;
    if (this.file === undefined) return undefined;
    const startedMs = clock.monotonicMs();
    const hash = this.hash.digest('hex');
    const { durationTicks, fragments, samples, keyframes } = this.summary;
    const index = encodeSegmentIndex({
      version: 1,
      endMs,
      durationTicks,
      fragments,
      samples,
      keyframes,
      hash,
    });
    await this.file.append([index], false);
    if (sync !== 'none') await this.file.sync();
    await this.abandon();
    metrics.bytesWritten(index.length);
    const { camera, stream, run, sequence, startMs, tracks } = this.start.header;
    await journal.append({
      type: 'segment-closed',
      path: this.path,
      run,
      sequence,
      camera,
      stream,
      volumeId: volume.id,
      startMs,
      endMs,
      bytes: this.size + index.length,
      keyframes: keyframes.length,
      hash,
      previousHash: this.previousHash,
      recovered: false,
      codecs: tracks.map((track) => track.codec),
    });
    metrics.segmentCommit((clock.monotonicMs() - startedMs) / 1000);
    return hash;
  }

  /** Lets go of the file as it is. */
  async abandon(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    await file?.close();
  }

  private async create(previousHash: string | null): Promise<readonly Uint8Array[]> {
    const { volume, journal } = this.options;
    const { header, init } = this.start;
    this.previousHash = previousHash;
    await volume.verify();
    const { camera, stream, run, sequence, startMs } = header;
    this.opened = {
      type: 'segment-opened',
      path: this.path,
      run,
      sequence,
      camera,
      stream,
      startMs,
    };
    await journal.append(this.opened);
    const path = volume.resolve(this.path);
    await volume.lane.run(() => makeDirectory(volume.root, dirname(path)));
    this.file = await this.options.createFile(path);
    await volume.lane.run(() => syncDirectory(dirname(path)));
    return [await init, encodeSegmentHeader({ ...header, previousHash })];
  }

  private async write(parts: readonly Uint8Array[], durable: boolean): Promise<void> {
    await this.file?.append(parts, durable);
    for (const part of parts) {
      this.hash.update(part);
      this.size += part.length;
    }
  }
}
