import { NightjarError } from '@nightjar/common';
import type { CodecConfig } from '../format.js';
import { H264 } from '../nal-types.js';
import { parseH264Sps } from '../parameter-sets/h264-sps.js';
import { parseH264Pps, withIdrPicId } from './idr-slice.js';

export type VideoConfig = Extract<CodecConfig, { readonly codec: 'h264' | 'h265' }>;

const LENGTH_BYTES = 4;
/** H.265 BLA_N_LP: begins a sequence and has no leading pictures (ITU-T H.265 table 7-1). */
const BLA_N_LP = 18;
const CRA = 21;

/**
 * Two forms of one keyframe that may follow each other for ever, so that a picture can be shown for as long as one likes.
 * H.264: IDR pictures in a row differ in idr_pic_id (ITU-T H.264 s.7.4.3). H.265: a CRA picture may not come twice in one
 * sequence, as a BLA picture it begins a new one (ITU-T H.265 s.3.11); IDR pictures may be repeated as they are.
 *
 * @param unit a keyframe as in `AccessUnit.data`; not changed
 * @returns units in the same layout, to be sent in turns
 * @throws NightjarError `protocol` when the picture cannot be understood
 */
export function repeatable(unit: Uint8Array, config: VideoConfig): readonly [Buffer, Buffer] {
  const nals = nalsOf(unit);
  if (config.codec === 'h265') {
    const same = joined(nals.map(asSequenceStart));
    return [same, same];
  }
  const { order } = parseH264Sps(config.sps);
  const pps = parseH264Pps(config.pps);
  const form = (id: number): Buffer =>
    joined(
      nals.flatMap((nal) => {
        const type = (nal[0] ?? 0) & 0x1f;
        if (type === H264.idr) return [withIdrPicId(nal, order, pps, id)];
        // SEI tells of one instant: of its time code, its place in a buffer.
        return type === H264.sei || type === H264.filler ? [] : [Buffer.from(nal)];
      }),
    );
  const forms = [form(0), form(1)] as const;
  if (!nals.some((nal) => ((nal[0] ?? 0) & 0x1f) === H264.idr))
    throw new NightjarError('protocol', 'rtp/not-idr', 'the keyframe holds no IDR slice');
  return forms;
}

function asSequenceStart(nal: Uint8Array): Buffer {
  const copy = Buffer.from(nal);
  if ((((copy[0] ?? 0) >> 1) & 0x3f) === CRA) copy[0] = ((copy[0] ?? 0) & 0x81) | (BLA_N_LP << 1);
  return copy;
}

/** Views of the NAL units behind their 4-byte lengths. */
function nalsOf(unit: Uint8Array): Uint8Array[] {
  const lengths = new DataView(unit.buffer, unit.byteOffset, unit.byteLength);
  const nals: Uint8Array[] = [];
  for (let at = 0; at < unit.length;) {
    const start = at + LENGTH_BYTES;
    const end = start <= unit.length ? start + lengths.getUint32(at) : Infinity;
    if (end > unit.length || end === start)
      throw new NightjarError('protocol', 'rtp/nal-length', 'NAL unit length is wrong');
    nals.push(unit.subarray(start, end));
    at = end;
  }
  return nals;
}

function joined(nals: readonly Buffer[]): Buffer {
  return Buffer.concat(
    nals.flatMap((nal) => {
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32BE(nal.length);
      return [length, nal];
    }),
  );
}
