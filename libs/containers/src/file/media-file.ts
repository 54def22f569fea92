import { NightjarError } from '@nightjar/common';
import type { SentConfig } from '@nightjar/rtp';

/** The bytes of a file, read where they are needed. */
export interface FileBytes {
  readonly sizeBytes: number;
  /** Bytes from a position on, fewer at the end of the file. The caller owns them. */
  read(at: number, bytes: number): Promise<Uint8Array>;
}

/** One access unit of a file, as packetizers take it. */
export interface MediaFileUnit {
  readonly track: number;
  /** Good until the next unit is asked for. */
  readonly data: Uint8Array;
  readonly keyframe: boolean;
  /** Normal play time at which it is shown. */
  readonly timeMs: number;
  /** Normal play time at which it is to be sent: like `timeMs`, but never falling from unit to unit. */
  readonly dueMs: number;
}

/** Where play can begin, found by reading the file once. Opening the same file with it again needs not to. */
export interface FileIndex {
  /** Offsets of units, and their numbers from 0. */
  readonly offsets: readonly number[];
  readonly numbers: readonly number[];
  /** Their places in the order of showing. */
  readonly shown: readonly number[];
  /** Units of the file. */
  readonly count: number;
}

/** A media file, opened to be played. Play time 0 is its first unit. */
export interface MediaFile {
  readonly tracks: readonly SentConfig[];
  /** Undefined where only reading it all would tell. */
  readonly durationMs: number | undefined;
  /** Whether play can begin elsewhere than at the start. */
  readonly seekable: boolean;
  /** What was found by reading all of it, to open the same bytes again. */
  readonly index?: FileIndex | undefined;
  /** Where play for this time begins: the keyframe of the video at or before it, the unit there of sound alone. */
  startAt(timeMs: number): Promise<number>;
  /**
   * Units from what {@link startAt} gave on, in the order in which they are to be sent. One reader at a time.
   * @throws NightjarError `data-loss` where the file is broken
   */
  units(fromMs: number): AsyncGenerator<MediaFileUnit>;
  /** Lets go of memory; the bytes are the caller's to close. */
  close(): void;
}

/** The content is none that the extension stands for, or none that can be sent. RFC 2326 s.11.3: 415. */
export function unsupported(message: string): NightjarError {
  return new NightjarError('invalid', 'containers/unsupported', message, { status: 415 });
}

/** The file breaks off, or does not add up. */
export function broken(message: string, byteOffset: number, cause?: unknown): NightjarError {
  return new NightjarError('data-loss', 'containers/broken', message, { byteOffset }, cause);
}
