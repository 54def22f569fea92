import type { Clock } from '@nightjar/common';
import type { CreateSegmentFile } from '../segments/durable-files.js';
import type { JournalSink } from '../journal/journal.js';
import type { RecordOf } from '../journal/journal-records.js';
import type { RecordingMetrics, RecordingSettings } from '../ports.js';
import type { SegmentChain } from '../segments/segment-chain.js';
import type { Volume } from '../volumes/volume.js';
import type { WriteQueue } from '../volumes/write-queue.js';

/** How a run broke off. */
export interface RunFailure {
  readonly error: unknown;
  /** Up to where its footage is whole. */
  readonly endMs: number;
  /** Whether the journal was told of the run. */
  readonly announced: boolean;
  /** The segment that was being written. */
  readonly segment: RecordOf<'segment-opened'> | undefined;
}

/** What a run needs of its surroundings. */
export interface RunContext {
  readonly camera: string;
  readonly stream: string;
  readonly volume: Volume;
  readonly journal: JournalSink;
  readonly clock: Clock;
  readonly settings: RecordingSettings;
  readonly metrics: RecordingMetrics;
  readonly queue: WriteQueue;
  /** Of the stream; asked and told while writing, in the order of the queue. */
  readonly chain: SegmentChain;
  readonly createFile: CreateSegmentFile;
  /** Sees to it that no footage of other runs lies where a segment is going to be written. */
  makeRoom?(run: string, fromMs: number, toMs: number): Promise<void>;
  /** A write failed and nothing more of the run is written. */
  failed(failure: RunFailure): void;
  /** The run was ended, and all of it was written or will not be. */
  settled(): void;
  /** A fragment was written: wall times at which its segment begins, and up to which it is whole now. */
  written(startMs: number, endMs: number): void;
}
