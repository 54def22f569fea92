import type { SentConfig } from '@nightjar/rtp';
import { ByteWindow } from './byte-window.js';
import {
  broken,
  type FileBytes,
  type FileIndex,
  type MediaFile,
  type MediaFileUnit,
} from './media-file.js';

/** A file up to this size is read once to know where everything is; in a larger one play begins at the start. */
const MAX_INDEX_BYTES = 256 * 1024 * 1024;
/** What is read of a unit to know when it is shown: its headers are in it. */
const PEEK_BYTES = 4 * 1024;
/** Units of sound between two places that are remembered. */
const UNITS_PER_MARK = 32;

/** Where one unit lies in the file. */
export interface FoundUnit {
  readonly start: number;
  readonly end: number;
  readonly keyframe: boolean;
}

/** How a stream without times is cut into units, all of the same length in time. */
export interface UnitSyntax {
  readonly config: SentConfig;
  readonly unitMs: number;
  /** Offset of the first unit. */
  readonly startsAt: number;
  /** The first unit at or behind an offset at which a unit may begin; undefined when there is none. */
  find(window: ByteWindow, at: number): Promise<FoundUnit | undefined>;
  /** What packetizers take of the bytes of a unit. */
  dataOf(bytes: Buffer): Uint8Array;
  /**
   * When units are shown, for one pass from a keyframe on; left out: as they come.
   * @param from where the pass begins, if that is not the start
   */
  readonly order?: (from: Mark | undefined) => ShowingOrder;
}

/** A place that is remembered: a unit, by its number, and its place in the order of showing. */
export interface Mark {
  readonly offset: number;
  readonly number: number;
  readonly shown: number;
}

/** Tells of one unit after the other when it is shown. */
export interface ShowingOrder {
  /**
   * @param bytes the unit, or its start
   * @returns the number of the unit in the order of showing
   */
  place(bytes: Buffer, number: number): number;
}

/** An elementary stream: units without times, each as long as the others. */
export class SteppedFile implements MediaFile {
  readonly tracks: readonly SentConfig[];

  private constructor(
    private readonly source: FileBytes,
    private readonly syntax: UnitSyntax,
    readonly index: FileIndex | undefined,
  ) {
    this.tracks = [syntax.config];
  }

  /** @param known the index of this very file, from an earlier opening */
  static async open(
    source: FileBytes,
    syntax: UnitSyntax,
    known?: FileIndex,
  ): Promise<SteppedFile> {
    const readable = source.sizeBytes <= MAX_INDEX_BYTES;
    const index = known ?? (readable ? await indexOf(source, syntax) : undefined);
    return new SteppedFile(source, syntax, index);
  }

  get seekable(): boolean {
    return this.index !== undefined;
  }

  get durationMs(): number | undefined {
    return this.index && this.index.count * this.syntax.unitMs;
  }

  startAt(timeMs: number): Promise<number> {
    const { unitMs, config } = this.syntax;
    const wanted = Math.floor((timeMs + ROUNDING_MS) / unitMs);
    const last = (this.index?.count ?? 1) - 1;
    const start = isSound(config) ? Math.min(wanted, last) : (this.markBefore(wanted)?.shown ?? 0);
    return Promise.resolve(Math.max(0, start) * unitMs);
  }

  async *units(fromMs: number): AsyncGenerator<MediaFileUnit> {
    const { syntax } = this;
    const { unitMs, startsAt } = syntax;
    const first = Math.round(fromMs / unitMs);
    const window = new ByteWindow(this.source);
    const mark = this.markBefore(first);
    const order = syntax.order?.(mark);
    let number = mark?.number ?? 0;
    for (let at = mark?.offset ?? startsAt; ; number += 1) {
      const found = await syntax.find(window, at);
      if (found === undefined) return;
      at = found.end;
      const bytes = await window.view(found.start, found.end - found.start);
      const shown = order?.place(bytes, number) ?? number;
      // Of sound what comes before, of video what is shown before the keyframe that play begins with.
      if (shown < first) continue;
      const { keyframe } = found;
      const data = syntax.dataOf(bytes);
      yield { track: 0, data, keyframe, timeMs: shown * unitMs, dueMs: number * unitMs };
    }
  }

  close(): void {
    // Nothing is kept but the index.
  }

  /** The last remembered place that is shown at or before a unit. */
  private markBefore(wanted: number): Mark | undefined {
    const { numbers = [], offsets = [], shown = [] } = this.index ?? {};
    let low = 0;
    let high = shown.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (shown[middle]! <= wanted) low = middle + 1;
      else high = middle;
    }
    const at = low - 1;
    return at < 0 ? undefined : { offset: offsets[at]!, number: numbers[at]!, shown: shown[at]! };
  }
}

const ROUNDING_MS = 0.01;

function isSound(config: SentConfig): boolean {
  return 'channels' in config || SOUND.has(config.codec);
}

const SOUND: ReadonlySet<string> = new Set(['mpeg-audio', 'amr-nb', 'amr-wb']);

/** Reads the file once. Play of sound can begin with any unit: not all are remembered. */
async function indexOf(source: FileBytes, syntax: UnitSyntax): Promise<FileIndex> {
  const window = new ByteWindow(source);
  const offsets: number[] = [];
  const numbers: number[] = [];
  const shown: number[] = [];
  const sound = isSound(syntax.config);
  const order = syntax.order?.(undefined);
  let count = 0;
  for (let at = syntax.startsAt; ; count += 1) {
    const found = await syntax.find(window, at);
    if (found === undefined) break;
    if (found.end <= at) throw broken('the file does not go on', at);
    at = found.end;
    const bytes = Math.min(PEEK_BYTES, found.end - found.start);
    const place = order?.place(await window.view(found.start, bytes), count) ?? count;
    if (sound ? count % UNITS_PER_MARK !== 0 : !found.keyframe) continue;
    offsets.push(found.start);
    numbers.push(count);
    shown.push(place);
  }
  return { offsets, numbers, shown, count };
}
