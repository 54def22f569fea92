import { BOX_HEADER_BYTES } from './boxes.js';

/** One sample on its way into a fragment. */
export interface FragmentSample {
  /** Not copied; must stay unchanged until written. */
  readonly data: Uint8Array;
  readonly durationTicks: number;
  /** Presentation minus decode time; may be negative. */
  readonly compositionTicks: number;
  readonly keyframe: boolean;
}

export interface FragmentTrack {
  /** Place of the track in the file, from 0; its track_ID is one more. */
  readonly track: number;
  /** Decode time of the first sample since the start of the segment. A safe integer, >= 0. */
  readonly baseDecodeTicks: number;
  readonly samples: readonly FragmentSample[];
}

/** Ready for one writev: `head`, then every buffer of `data`, which are views of the samples' memory. */
export interface EncodedFragment {
  /** `moof` and the header of `mdat`. */
  readonly head: Buffer;
  readonly data: readonly Uint8Array[];
  /** Size of the whole fragment. */
  readonly bytes: number;
}

/** tf_flags default-base-is-moof, ISO/IEC 14496-12 s.8.8.7. */
export const TFHD_DEFAULT_BASE_IS_MOOF = 0x020000;
/** tr_flags: data offset; and per sample: duration, size, flags, composition offset. ISO/IEC 14496-12 s.8.8.8. */
export const TRUN_DATA_OFFSET = 0x000001;
export const TRUN_FIRST_SAMPLE_FLAGS = 0x000004;
export const TRUN_DURATION = 0x000100;
export const TRUN_SIZE = 0x000200;
export const TRUN_FLAGS = 0x000400;
export const TRUN_COMPOSITION = 0x000800;
/** sample_depends_on = 2 (needs no other). */
const SYNC_SAMPLE = 0x02000000;
/** sample_depends_on = 1, sample_is_non_sync_sample. */
const NON_SYNC_SAMPLE = 0x01010000;
export const NON_SYNC_BIT = 0x00010000;

const FULL_BOX_BYTES = BOX_HEADER_BYTES + 4;
const MFHD_BYTES = FULL_BOX_BYTES + 4;
const TFHD_BYTES = FULL_BOX_BYTES + 4;
const TFDT_BYTES = FULL_BOX_BYTES + 8;
const TRUN_FRONT_BYTES = FULL_BOX_BYTES + 8;
const TRUN_SAMPLE_BYTES = 16;

/** Boxes of known sizes, one field after the other. */
class HeadWriter {
  private at = 0;

  constructor(readonly bytes: Buffer) {}

  u32(value: number): void {
    this.at = this.bytes.writeUInt32BE(value, this.at);
  }

  i32(value: number): void {
    this.at = this.bytes.writeInt32BE(value, this.at);
  }

  box(type: string, size: number): void {
    this.u32(size);
    this.at += this.bytes.write(type, this.at, 'latin1');
  }

  fullBox(type: string, size: number, version: number, flags: number): void {
    this.box(type, size);
    this.u32(version * 2 ** 24 + flags);
  }
}

function trunBytes({ samples }: FragmentTrack): number {
  return TRUN_FRONT_BYTES + TRUN_SAMPLE_BYTES * samples.length;
}

function trafBytes(track: FragmentTrack): number {
  return BOX_HEADER_BYTES + TFHD_BYTES + TFDT_BYTES + trunBytes(track);
}

/** @returns the bytes of the track's samples */
function writeTraf(writer: HeadWriter, track: FragmentTrack, dataOffset: number): number {
  writer.box('traf', trafBytes(track));
  writer.fullBox('tfhd', TFHD_BYTES, 0, TFHD_DEFAULT_BASE_IS_MOOF);
  writer.u32(track.track + 1);
  writer.fullBox('tfdt', TFDT_BYTES, 1, 0);
  writer.u32(Math.floor(track.baseDecodeTicks / 2 ** 32));
  writer.u32(track.baseDecodeTicks % 2 ** 32);
  const flags = TRUN_DATA_OFFSET | TRUN_DURATION | TRUN_SIZE | TRUN_FLAGS | TRUN_COMPOSITION;
  writer.fullBox('trun', trunBytes(track), 1, flags);
  writer.u32(track.samples.length);
  writer.i32(dataOffset);
  let bytes = 0;
  for (const sample of track.samples) {
    writer.u32(sample.durationTicks);
    writer.u32(sample.data.length);
    writer.u32(sample.keyframe ? SYNC_SAMPLE : NON_SYNC_SAMPLE);
    writer.i32(sample.compositionTicks);
    bytes += sample.data.length;
  }
  return bytes;
}

/** The data of all samples in few buffers: samples that touch in memory are one. */
function joined(tracks: readonly FragmentTrack[]): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let buffer: ArrayBufferLike | undefined;
  let start = 0;
  let end = 0;
  const add = (): void => {
    if (buffer !== undefined && end > start) parts.push(new Uint8Array(buffer, start, end - start));
  };
  for (const { samples } of tracks) {
    for (const { data } of samples) {
      if (data.buffer !== buffer || data.byteOffset !== end) {
        add();
        buffer = data.buffer;
        start = data.byteOffset;
      }
      end = data.byteOffset + data.length;
    }
  }
  add();
  return parts;
}

/**
 * One `moof` + `mdat`, ISO/IEC 14496-12 s.8.8: the unit of durability. Tracks without samples are left out.
 * @param sequence counts the fragments of a segment from 1
 */
export function encodeFragment(
  sequence: number,
  tracks: readonly FragmentTrack[],
): EncodedFragment {
  const used = tracks.filter((track) => track.samples.length > 0);
  const moofBytes = used.reduce(
    (sum, track) => sum + trafBytes(track),
    BOX_HEADER_BYTES + MFHD_BYTES,
  );
  const headBytes = moofBytes + BOX_HEADER_BYTES;
  const writer = new HeadWriter(Buffer.allocUnsafe(headBytes));
  writer.box('moof', moofBytes);
  writer.fullBox('mfhd', MFHD_BYTES, 0, 0);
  writer.u32(sequence);
  let bytes = headBytes;
  for (const track of used) bytes += writeTraf(writer, track, bytes);
  writer.box('mdat', BOX_HEADER_BYTES + bytes - headBytes);
  return { head: writer.bytes, data: joined(used), bytes };
}
