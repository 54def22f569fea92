import { RunTable, U32Table } from './tables.js';
import { boxOf, fullBoxOf, joinParts, u32, u64, type Parts } from './parts.js';
import type { TrackDescription } from './track-description.js';

/** One sample of a movie. Times are ticks of its track, counted from the movie's own zero. */
export interface MovieSample {
  /** Of {@link MovieTrack.entry}. */
  readonly entry: number;
  /** Where its bytes begin in the media data of the movie. */
  readonly position: number;
  readonly bytes: number;
  readonly decodeTicks: number;
  /** Presentation time. */
  readonly ticks: number;
  readonly durationTicks: number;
  readonly keyframe: boolean;
}

/** The stretch of a movie that is shown, in ticks of a track; the end is excluded. */
export interface ShownTicks {
  readonly start: number;
  readonly end: number;
}

/** The sample tables of one track (ISO/IEC 14496-12 s.8.6, 8.7), kept in the form in which they are written. */
export class MovieTrack {
  private readonly entries: Buffer[] = [];
  private readonly deltas = new RunTable();
  private readonly offsets = new RunTable();
  private readonly sizes = new U32Table();
  private readonly keyframes = new U32Table();
  private readonly samplesPerChunk = new U32Table();
  /** High and low half of each chunk's position. */
  private readonly chunks = new U32Table();
  private chunkSamples = 0;
  private chunkEnd = -1;
  private chunkEntry = -1;
  private firstDecodeTicks = 0;
  private lastDecodeTicks = 0;
  private lastDurationTicks = 0;
  private firstTicks = Infinity;
  private endTicks = -Infinity;

  constructor(readonly description: TrackDescription) {}

  get samples(): number {
    return this.sizes.length;
  }

  /** What the tables take in memory. */
  get tableBytes(): number {
    const fields = [this.deltas.table, this.offsets.table, this.sizes, this.keyframes];
    return 4 * [...fields, this.samplesPerChunk, this.chunks].reduce((sum, t) => sum + t.length, 0);
  }

  /** The number of a sample entry, from 0; one that is there already is not added again. */
  entry(bytes: Uint8Array): number {
    const known = this.entries.findIndex((entry) => entry.equals(bytes));
    return known >= 0 ? known : this.entries.push(Buffer.from(bytes)) - 1;
  }

  /** Adds samples in decode order. A decode time that does not rise is moved behind the one before it. */
  add(sample: MovieSample): void {
    const first = this.samples === 0;
    const decodeTicks = first
      ? sample.decodeTicks
      : Math.max(sample.decodeTicks, this.lastDecodeTicks + 1);
    if (first) this.firstDecodeTicks = decodeTicks;
    else this.deltas.push(decodeTicks - this.lastDecodeTicks);
    this.lastDecodeTicks = decodeTicks;
    this.lastDurationTicks = Math.max(1, sample.durationTicks);
    this.firstTicks = Math.min(this.firstTicks, sample.ticks);
    this.endTicks = Math.max(this.endTicks, sample.ticks + this.lastDurationTicks);
    this.offsets.push(sample.ticks - decodeTicks);
    this.sizes.push(sample.bytes);
    if (sample.keyframe) this.keyframes.push(this.samples);
    this.place(sample);
  }

  private place({ position, bytes, entry }: MovieSample): void {
    if (position !== this.chunkEnd || entry !== this.chunkEntry) {
      this.endChunk();
      this.chunks.push(Math.floor(position / 2 ** 32));
      this.chunks.push(position % 2 ** 32);
      this.chunkEntry = entry;
    }
    this.chunkSamples += 1;
    this.chunkEnd = position + bytes;
  }

  /** `stsc` names a chunk where the number of samples per chunk or the sample entry changes. */
  private endChunk(): void {
    if (this.chunkSamples === 0) return;
    const table = this.samplesPerChunk;
    const { length } = table;
    const same =
      length > 0 &&
      table.at(length - 2) === this.chunkSamples &&
      table.at(length - 1) === this.chunkEntry + 1;
    if (!same) {
      table.push(this.chunks.length / 2);
      table.push(this.chunkSamples);
      table.push(this.chunkEntry + 1);
    }
    this.chunkSamples = 0;
  }

  /** Ends the tables; nothing may be added afterwards. */
  finish(): void {
    this.endChunk();
    if (this.samples > 0) this.deltas.push(this.lastDurationTicks);
  }

  /** How long the track lasts once it is cut to what is shown, the empty time before its first sample included. */
  shownTicks(shown: ShownTicks): number {
    return Math.max(0, Math.min(shown.end, this.endTicks) - shown.start);
  }

  /**
   * The `trak` box.
   * @param id track_ID
   * @param movieTimescale of `mvhd`
   * @param dataOffset position of the media data in the file
   */
  trak(id: number, movieTimescale: number, dataOffset: number, shown: ShownTicks): Parts {
    const { description } = this;
    const { timescale } = description;
    const toMovie = (ticks: number): number => Math.round((ticks / timescale) * movieTimescale);
    const duration = this.lastDecodeTicks - this.firstDecodeTicks + this.lastDurationTicks;
    return boxOf(
      'trak',
      trackHeader(description, id, toMovie(this.shownTicks(shown))),
      boxOf('edts', this.editList(shown, toMovie)),
      boxOf(
        'mdia',
        // Language "und".
        fullBoxOf('mdhd', 1, 0, u64(0, 0), u32(timescale), u64(duration), u32(0x55c40000)),
        description.handler,
        boxOf('minf', description.mediaHeader, description.dataInformation, this.stbl(dataOffset)),
      ),
    );
  }

  /** Begins exactly at the start of what is shown: with empty time, or inside the media (ISO/IEC 14496-12 s.8.6.6). */
  private editList(shown: ShownTicks, toMovie: (ticks: number) => number): Parts {
    const begin = Math.max(shown.start, this.firstTicks);
    const emptyTicks = begin - shown.start;
    const mediaTime = Math.max(0, begin - this.firstDecodeTicks);
    const length = Math.max(0, Math.min(shown.end, this.endTicks) - begin);
    const media = Buffer.concat([u64(toMovie(length), mediaTime), u32(0x00010000)]);
    if (toMovie(emptyTicks) === 0) return fullBoxOf('elst', 1, 0, u32(1), media);
    const empty = Buffer.concat([
      u64(toMovie(emptyTicks)),
      u32(0xffffffff, 0xffffffff, 0x00010000),
    ]);
    return fullBoxOf('elst', 1, 0, u32(2), empty, media);
  }

  private stbl(dataOffset: number): Parts {
    const { entries, deltas, offsets, sizes, keyframes, samplesPerChunk } = this;
    const boxes: Parts[] = [
      fullBoxOf('stsd', 0, 0, u32(entries.length), ...entries),
      fullBoxOf('stts', 0, 0, u32(deltas.runs), deltas.table.parts()),
    ];
    // Version 1: offsets are signed.
    if (!offsets.isZero)
      boxes.push(fullBoxOf('ctts', 1, 0, u32(offsets.runs), offsets.table.parts()));
    if (keyframes.length < this.samples)
      boxes.push(fullBoxOf('stss', 0, 0, u32(keyframes.length), keyframes.parts()));
    boxes.push(
      fullBoxOf('stsc', 0, 0, u32(samplesPerChunk.length / 3), samplesPerChunk.parts()),
      fullBoxOf('stsz', 0, 0, u32(0, this.samples), sizes.parts()),
      fullBoxOf('co64', 0, 0, u32(this.chunks.length / 2), this.chunkOffsets(dataOffset)),
    );
    return boxOf('stbl', joinParts(...boxes));
  }

  private chunkOffsets(dataOffset: number): Parts {
    const moved = new U32Table();
    for (let index = 0; index < this.chunks.length; index += 2) {
      const at = this.chunks.at(index) * 2 ** 32 + this.chunks.at(index + 1) + dataOffset;
      moved.push(Math.floor(at / 2 ** 32));
      moved.push(at % 2 ** 32);
    }
    return moved.parts();
  }
}

/** `tkhd`: what the source says of size, volume and matrix (its last 52 bytes), with another id and duration. */
function trackHeader({ trackHeader: source }: TrackDescription, id: number, ticks: number): Parts {
  const tail = source.subarray(source.length - TKHD_TAIL_BYTES);
  // Flags: enabled, in movie.
  return fullBoxOf('tkhd', 1, 3, u64(0, 0), u32(id, 0), u64(ticks), u64(0), tail);
}

/** layer, alternate_group, volume, reserved, matrix, width, height; ISO/IEC 14496-12 s.8.3.2. */
const TKHD_TAIL_BYTES = 2 + 2 + 2 + 2 + 36 + 4 + 4;
