import { NightjarError } from '@nightjar/common';
import { childBoxes, findBox, readBoxAt } from './boxes.js';
import type { Box, ByteSource } from './boxes.js';
import {
  NON_SYNC_BIT,
  TFHD_DEFAULT_BASE_IS_MOOF,
  TRUN_COMPOSITION,
  TRUN_DATA_OFFSET,
  TRUN_DURATION,
  TRUN_FIRST_SAMPLE_FLAGS,
  TRUN_FLAGS,
  TRUN_SIZE,
} from './fragment.js';

/** A `moof` larger than this is not ours: some 65000 samples. */
export const MAX_MOOF_BYTES = 1024 * 1024;

/** Where one sample lies in the file and in time; times count from the start of the segment. */
export interface SampleLocation {
  /** Place of the track in the file, from 0. */
  readonly track: number;
  readonly decodeTicks: number;
  /** Presentation time. */
  readonly ticks: number;
  readonly durationTicks: number;
  /** Position in the file. */
  readonly offset: number;
  readonly bytes: number;
  readonly keyframe: boolean;
}

/** One whole `moof` + `mdat`. */
export interface Fragment {
  /** Position of the `moof` in the file. */
  readonly offset: number;
  /** First byte behind the `mdat`. */
  readonly end: number;
  /** Track by track, in decode order. */
  readonly samples: readonly SampleLocation[];
}

function malformed(what: string, byteOffset: number): NightjarError {
  return new NightjarError('protocol', 'containers/fragment', what, { byteOffset });
}

/** Reads big-endian fields of one full box, never past its end. */
class Fields {
  private readonly view: DataView;
  readonly version: number;
  readonly flags: number;
  private at: number;

  constructor(
    bytes: Uint8Array,
    private readonly box: Box,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = box.bodyStart;
    const head = this.u32();
    this.version = head >>> 24;
    this.flags = head & 0xffffff;
  }

  private take(count: number): number {
    const at = this.at;
    if (at + count > this.box.end) throw malformed(`${this.box.type} is cut off`, this.box.start);
    this.at += count;
    return at;
  }

  u32(): number {
    return this.view.getUint32(this.take(4));
  }

  i32(): number {
    return this.view.getInt32(this.take(4));
  }

  u64(): number {
    const value = this.u32() * 2 ** 32 + this.u32();
    if (!Number.isSafeInteger(value))
      throw malformed(`${this.box.type} holds a time out of range`, this.box.start);
    return value;
  }

  /** How many records of `recordBytes` are left. */
  room(recordBytes: number): number {
    return Math.floor((this.box.end - this.at) / recordBytes);
  }
}

interface Extent {
  readonly start: number;
  readonly end: number;
}

function readTrun(
  fields: Fields,
  track: number,
  baseTicks: number,
  moofAt: number,
  mdat: Extent,
): SampleLocation[] {
  const { flags } = fields;
  const count = fields.u32();
  if ((flags & TRUN_DATA_OFFSET) === 0) throw malformed('trun has no data offset', moofAt);
  let offset = moofAt + fields.i32();
  if (flags & TRUN_FIRST_SAMPLE_FLAGS) fields.u32();
  const wanted = TRUN_DURATION | TRUN_SIZE | TRUN_FLAGS;
  if ((flags & wanted) !== wanted)
    throw malformed('trun leaves out duration, size or flags', moofAt);
  const signed = flags & TRUN_COMPOSITION;
  if (count > fields.room(signed ? 16 : 12)) throw malformed('trun is cut off', moofAt);
  const samples: SampleLocation[] = [];
  let decodeTicks = baseTicks;
  for (let index = 0; index < count; index += 1) {
    const durationTicks = fields.u32();
    const bytes = fields.u32();
    const keyframe = (fields.u32() & NON_SYNC_BIT) === 0;
    const ticks = decodeTicks + (signed ? fields.i32() : 0);
    if (offset < mdat.start || offset + bytes > mdat.end)
      throw malformed('sample lies outside mdat', moofAt);
    samples.push({ track, decodeTicks, ticks, durationTicks, offset, bytes, keyframe });
    offset += bytes;
    decodeTicks += durationTicks;
  }
  return samples;
}

/**
 * Reads a `moof` written by `encodeFragment`: explicit duration, size and flags for every sample, offsets from the moof.
 * @param moof the box from its header on
 * @param moofOffset its position in the file
 * @param mdat where the data of its samples may lie, file offsets
 * @throws NightjarError `containers/box` or `containers/fragment`
 */
export function decodeMoof(moof: Uint8Array, moofOffset: number, mdat: Extent): SampleLocation[] {
  const root = findBox(moof, 'moof');
  if (root === undefined || root.start !== 0) throw malformed('not a moof', moofOffset);
  const samples: SampleLocation[] = [];
  for (const traf of childBoxes(moof, root.bodyStart, root.end)) {
    if (traf.type !== 'traf') continue;
    let track: number | undefined;
    let baseTicks = 0;
    for (const box of childBoxes(moof, traf.bodyStart, traf.end)) {
      if (box.type === 'tfhd') {
        const fields = new Fields(moof, box);
        if (fields.flags !== TFHD_DEFAULT_BASE_IS_MOOF)
          throw malformed('tfhd with foreign flags', moofOffset);
        track = fields.u32() - 1;
        if (track < 0) throw malformed('track_ID is zero', moofOffset);
      } else if (box.type === 'tfdt') {
        const fields = new Fields(moof, box);
        baseTicks = fields.version === 1 ? fields.u64() : fields.u32();
      } else if (box.type === 'trun') {
        if (track === undefined) throw malformed('trun before tfhd', moofOffset);
        samples.push(...readTrun(new Fields(moof, box), track, baseTicks, moofOffset, mdat));
      }
    }
  }
  return samples;
}

/**
 * The fragment that starts at `offset`, or undefined when no whole fragment is there: end of the media, or one still being written.
 * @throws NightjarError `containers/box` or `containers/fragment` when the bytes there are damaged
 */
export async function readFragmentAt(
  source: ByteSource,
  offset: number,
): Promise<Fragment | undefined> {
  const moof = await readBoxAt(source, offset);
  if (moof === undefined || moof.type !== 'moof') return undefined;
  const mdat = await readBoxAt(source, moof.end);
  if (mdat === undefined) return undefined;
  if (mdat.type !== 'mdat') throw malformed('moof without mdat', offset);
  if (moof.end - moof.start > MAX_MOOF_BYTES) throw malformed('moof is too large', offset);
  const bytes = await source.read(moof.start, moof.end - moof.start);
  const samples = decodeMoof(bytes, offset, { start: mdat.bodyStart, end: mdat.end });
  return { offset, end: mdat.end, samples };
}

/** Whole fragments from `offset` on, until the media end. Throws as {@link readFragmentAt}. */
export async function* readFragments(source: ByteSource, offset: number): AsyncGenerator<Fragment> {
  for (let at = offset; ;) {
    const fragment = await readFragmentAt(source, at);
    if (fragment === undefined) return;
    yield fragment;
    at = fragment.end;
  }
}
