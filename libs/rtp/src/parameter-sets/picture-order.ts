import { NightjarError } from '@nightjar/common';
import { H264, H265 } from '../nal-types.js';
import { BitReader, rbspOf } from './bit-reader.js';
import { parseH264Sps, type H264SliceSyntax } from './h264-sps.js';
import { parseH265Sps } from './h265-sps.js';

/** Slice headers are read in so many bytes. */
const HEADER_BYTES = 64;
/** `slice_type` modulo 5 of H.264 and `slice_type` of H.265 are not needed, nor is what stands behind the count. */
const H265_IDR = [19, 20];
/** The last type of a sub-layer non-reference picture, if it is even (ITU-T H.265 table 7-1). */
const H265_LAST_SUBLAYER = 14;
const H265_FIRST_LEADING = 6;
const H265_LAST_LEADING = 9;

/** Place of a picture in the order of showing. */
export interface PicturePlace {
  /** In units of {@link PictureOrder.step} per picture, from the last picture that restarts it on. */
  readonly count: number;
  /** Counting begins anew here. */
  readonly restarts: boolean;
}

/** Reads the order of showing from pictures in the order of decoding. One for each pass over a stream. */
export interface PictureOrder {
  /** By how much the count rises from picture to picture. */
  readonly step: number;
  /** @param nal the first slice of a picture, with its header; undefined when it does not tell */
  next(nal: Uint8Array): PicturePlace | undefined;
}

/** H.264 (ITU-T H.264 s.8.2.1.1). Undefined when pictures are shown as they come. @throws NightjarError `protocol`: unreadable SPS */
export function h264Order(sps: Uint8Array): PictureOrder | undefined {
  const { order } = parseH264Sps(sps);
  const { pictureOrder } = order;
  if (pictureOrder.type !== 0) return undefined;
  const countBits = pictureOrder.lsbBits;
  const counter = new Counter(countBits);
  return {
    // A frame counts as its two fields.
    step: 2,
    next: tolerant((nal) => {
      const header = nal[0] ?? 0;
      const idr = (header & 0x1f) === H264.idr;
      const bits = new BitReader(rbspOf(nal.subarray(0, HEADER_BYTES), H264.headerBytes));
      readPlace(bits, order);
      if (idr) bits.unsignedGolomb(); // idr_pic_id
      return counter.count(bits.bits(countBits), idr, (header & 0x60) !== 0);
    }),
  };
}

/**
 * Tells of two pictures of H.264, one behind the other, whether they are the two fields of one frame (ITU-T H.264 s.7.4.1.2.4).
 * Undefined for a stream that has no fields.
 * @throws NightjarError `protocol`: unreadable SPS
 */
export function h264FieldPairs(
  sps: Uint8Array,
): ((first: Uint8Array, second: Uint8Array) => boolean) | undefined {
  const { order } = parseH264Sps(sps);
  if (order.framesOnly) return undefined;
  const read = tolerant((nal) =>
    readPlace(new BitReader(rbspOf(nal.subarray(0, HEADER_BYTES), H264.headerBytes)), order),
  );
  return (first, second) => {
    // The second field of an IDR picture is none itself.
    if (((second[0] ?? 0) & 0x1f) === H264.idr) return false;
    const [a, b] = [read(first), read(second)];
    if (a?.field === undefined || b?.field === undefined) return false;
    return a.field !== b.field && a.frameNumber === b.frameNumber;
  };
}

interface SlicePlace {
  readonly frameNumber: number;
  /** Undefined for a frame. */
  readonly field: 'top' | 'bottom' | undefined;
}

/** The begin of a slice header, up to what tells of fields (ITU-T H.264 s.7.3.3). */
function readPlace(
  bits: BitReader,
  { frameNumBits, framesOnly, separatePlanes }: H264SliceSyntax,
): SlicePlace {
  bits.unsignedGolomb(); // first_mb_in_slice
  bits.unsignedGolomb(); // slice_type
  bits.unsignedGolomb(); // pic_parameter_set_id
  if (separatePlanes) bits.skip(2);
  const frameNumber = bits.bits(frameNumBits);
  if (framesOnly || !bits.flag()) return { frameNumber, field: undefined };
  return { frameNumber, field: bits.flag() ? 'bottom' : 'top' };
}

/** H.265 (ITU-T H.265 s.8.3.1). Undefined when the parameter sets do not tell. @throws NightjarError `protocol`: unreadable SPS */
export function h265Order(sps: Uint8Array, pps: Uint8Array): PictureOrder | undefined {
  const { countBits, separatePlanes } = parseH265Sps(sps).order;
  if (countBits === undefined) return undefined;
  const set = new BitReader(rbspOf(pps, H265.headerBytes));
  set.unsignedGolomb(); // pps_pic_parameter_set_id
  set.unsignedGolomb(); // pps_seq_parameter_set_id
  set.skip(1); // dependent_slice_segments_enabled_flag
  const outputFlag = set.flag();
  const extraBits = set.bits(3);
  const counter = new Counter(countBits);
  return {
    step: 1,
    next: tolerant((nal) => {
      const type = ((nal[0] ?? 0) >> 1) & 0x3f;
      const layer = ((nal[1] ?? 0) & 7) - 1;
      if (H265_IDR.includes(type)) return counter.count(0, true, true);
      const bits = new BitReader(rbspOf(nal.subarray(0, HEADER_BYTES), H265.headerBytes));
      bits.skip(1); // first_slice_segment_in_pic_flag
      if (type >= H265.firstIrap && type <= H265.lastIrap + 2) bits.skip(1);
      bits.unsignedGolomb(); // slice_pic_parameter_set_id
      bits.skip(extraBits);
      bits.unsignedGolomb(); // slice_type
      if (outputFlag) bits.skip(1);
      if (separatePlanes) bits.skip(2);
      const leading = type >= H265_FIRST_LEADING && type <= H265_LAST_LEADING;
      const unreferenced = type <= H265_LAST_SUBLAYER && type % 2 === 0;
      return counter.count(bits.bits(countBits), false, layer === 0 && !leading && !unreferenced);
    }),
  };
}

/** Adds what wrapped to the low bits of a count. */
class Counter {
  private high = 0;
  private low = 0;
  private begun = false;

  constructor(private readonly bits: number) {}

  count(low: number, restarts: boolean, reference: boolean): PicturePlace {
    const range = 2 ** this.bits;
    // Play that begins in the middle begins to count there.
    const first = restarts || !this.begun;
    let high = first ? 0 : this.high;
    if (!first && low < this.low && this.low - low >= range / 2) high += range;
    else if (!first && low > this.low && low - this.low > range / 2) high -= range;
    if (reference || first) {
      this.high = high;
      this.low = low;
      this.begun = true;
    }
    return { count: high + low, restarts: first };
  }
}

function tolerant<Read>(read: (nal: Uint8Array) => Read): (nal: Uint8Array) => Read | undefined {
  return (nal) => {
    try {
      return read(nal);
    } catch (error) {
      if (error instanceof NightjarError) return undefined;
      throw error;
    }
  };
}
