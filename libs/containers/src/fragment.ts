import { encodeBox, BOX_HEADER_BYTES } from './boxes.js';

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

/** Ready for one writev: `head`, then every buffer of `data`. */
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

function fullBox(type: string, version: number, flags: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(version * 2 ** 24 + flags);
  return encodeBox(type, head, body);
}

function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => bytes.writeUInt32BE(value, 4 * index));
  return bytes;
}

function encodeTrun(samples: readonly FragmentSample[], dataOffset: number): Buffer {
  const body = Buffer.alloc(8 + 16 * samples.length);
  body.writeUInt32BE(samples.length, 0);
  body.writeInt32BE(dataOffset, 4);
  let at = 8;
  for (const sample of samples) {
    body.writeUInt32BE(sample.durationTicks, at);
    body.writeUInt32BE(sample.data.length, at + 4);
    body.writeUInt32BE(sample.keyframe ? SYNC_SAMPLE : NON_SYNC_SAMPLE, at + 8);
    body.writeInt32BE(sample.compositionTicks, at + 12);
    at += 16;
  }
  const flags = TRUN_DATA_OFFSET | TRUN_DURATION | TRUN_SIZE | TRUN_FLAGS | TRUN_COMPOSITION;
  return fullBox('trun', 1, flags, body);
}

function encodeTraf(track: FragmentTrack, dataOffset: number): Buffer {
  const decodeTime = Buffer.alloc(8);
  decodeTime.writeBigUInt64BE(BigInt(track.baseDecodeTicks));
  return encodeBox(
    'traf',
    fullBox('tfhd', 0, TFHD_DEFAULT_BASE_IS_MOOF, u32(track.track + 1)),
    fullBox('tfdt', 1, 0, decodeTime),
    encodeTrun(track.samples, dataOffset),
  );
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
  const data = used.flatMap((track) => track.samples.map((sample) => sample.data));
  const dataBytes = data.reduce((sum, part) => sum + part.length, 0);
  const moof = (moofBytes: number): Buffer => {
    let dataOffset = moofBytes + BOX_HEADER_BYTES;
    const trafs = used.map((track) => {
      const traf = encodeTraf(track, dataOffset);
      for (const sample of track.samples) dataOffset += sample.data.length;
      return traf;
    });
    return encodeBox('moof', fullBox('mfhd', 0, 0, u32(sequence)), ...trafs);
  };
  // The offsets inside a moof depend on its size, which does not depend on them.
  const moofBox = moof(moof(0).length);
  const mdatHead = Buffer.alloc(BOX_HEADER_BYTES);
  mdatHead.writeUInt32BE(BOX_HEADER_BYTES + dataBytes, 0);
  mdatHead.write('mdat', 4, 'latin1');
  const head = Buffer.concat([moofBox, mdatHead]);
  return { head, data, bytes: head.length + dataBytes };
}
