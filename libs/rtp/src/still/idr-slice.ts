import { NightjarError } from '@nightjar/common';
import { H264 } from '../nal-types.js';
import { BitReader, rbspOf } from '../parameter-sets/bit-reader.js';
import type { H264SliceSyntax } from '../parameter-sets/h264-sps.js';
import { BitWriter } from './bit-writer.js';

/** What of a picture parameter set decides how the headers of IDR slices are written (ITU-T H.264 s.7.3.2.2). */
export interface H264Pps {
  /** entropy_coding_mode_flag: CABAC, whose data begin at a byte. */
  readonly cabac: boolean;
  /** bottom_field_pic_order_in_frame_present_flag. */
  readonly bottomFieldOrder: boolean;
  /** deblocking_filter_control_present_flag. */
  readonly deblockingControl: boolean;
  /** redundant_pic_cnt_present_flag. */
  readonly redundantCount: boolean;
}

/**
 * Reads a picture parameter set NAL unit, header included.
 * @throws NightjarError `protocol`: no PPS, cut off, or with slice groups, which no camera uses
 */
export function parseH264Pps(nal: Uint8Array): H264Pps {
  if (((nal[0] ?? 0) & 0x1f) !== H264.pps)
    throw new NightjarError('protocol', 'rtp/not-pps', 'NAL unit is no H.264 PPS');
  const bits = new BitReader(rbspOf(nal, H264.headerBytes));
  bits.unsignedGolomb(); // pic_parameter_set_id
  bits.unsignedGolomb(); // seq_parameter_set_id
  const cabac = bits.flag();
  const bottomFieldOrder = bits.flag();
  if (bits.unsignedGolomb() > 0)
    throw new NightjarError('protocol', 'rtp/slice-groups', 'slice groups are not understood');
  bits.unsignedGolomb(); // num_ref_idx_l0_default_active_minus1
  bits.unsignedGolomb(); // num_ref_idx_l1_default_active_minus1
  bits.skip(3); // weighted_pred_flag, weighted_bipred_idc
  bits.signedGolomb(); // pic_init_qp_minus26
  bits.signedGolomb(); // pic_init_qs_minus26
  bits.signedGolomb(); // chroma_qp_index_offset
  const deblockingControl = bits.flag();
  bits.skip(1); // constrained_intra_pred_flag
  return { cabac, bottomFieldOrder, deblockingControl, redundantCount: bits.flag() };
}

const I_SLICES: ReadonlySet<number> = new Set([2, 7]);

/**
 * The same slice of an IDR picture under another `idr_pic_id`: two IDR pictures that follow each other must differ in it
 * (ITU-T H.264 s.7.4.3), so a picture that is sent again and again needs at least two.
 *
 * @param nal the slice, header included; not changed
 * @throws NightjarError `protocol`: not an I slice of an IDR picture, or cut off
 */
export function withIdrPicId(
  nal: Uint8Array,
  syntax: H264SliceSyntax,
  pps: H264Pps,
  idrPicId: number,
): Buffer {
  const header = nal[0] ?? 0;
  const rbsp = rbspOf(nal, H264.headerBytes);
  const bits = new BitReader(rbsp);
  bits.unsignedGolomb(); // first_mb_in_slice
  if ((header & 0x1f) !== H264.idr || !I_SLICES.has(bits.unsignedGolomb()))
    throw new NightjarError('protocol', 'rtp/not-idr', 'NAL unit is no I slice of an IDR picture');
  bits.unsignedGolomb(); // pic_parameter_set_id
  bits.skip((syntax.separatePlanes ? 2 : 0) + syntax.frameNumBits);
  const field = !syntax.framesOnly && bits.flag();
  if (field) bits.skip(1); // bottom_field_flag
  const idAt = bits.position;
  bits.unsignedGolomb();
  const behindId = bits.position;
  skipRest(bits, syntax, pps, field, (header & 0x60) !== 0);
  const dataAt = bits.position;
  const end = stopBitOf(rbsp);
  if (end <= dataAt) throw new NightjarError('protocol', 'rtp/slice-short', 'slice has no data');

  const out = new BitWriter(rbsp.length + 4);
  out.copy(rbsp, 0, idAt);
  out.unsignedGolomb(idrPicId);
  out.copy(rbsp, behindId, dataAt);
  if (pps.cabac) while (!out.aligned) out.bit(1); // cabac_alignment_one_bit
  out.copy(rbsp, pps.cabac ? Math.ceil(dataAt / 8) * 8 : dataAt, end);
  out.bit(1); // rbsp_stop_one_bit
  return Buffer.concat([Buffer.from([header]), withEmulationPrevention(out.bytes)]);
}

/** Of the header of an IDR I slice, from behind idr_pic_id to its end. */
function skipRest(
  bits: BitReader,
  { pictureOrder }: H264SliceSyntax,
  pps: H264Pps,
  field: boolean,
  reference: boolean,
): void {
  const second = pps.bottomFieldOrder && !field;
  if (pictureOrder.type === 0) {
    bits.skip(pictureOrder.lsbBits);
    if (second) bits.signedGolomb(); // delta_pic_order_cnt_bottom
  } else if (pictureOrder.type === 1 && pictureOrder.deltas) {
    bits.signedGolomb();
    if (second) bits.signedGolomb();
  }
  if (pps.redundantCount) bits.unsignedGolomb();
  if (reference) bits.skip(2); // no_output_of_prior_pics_flag, long_term_reference_flag
  bits.signedGolomb(); // slice_qp_delta
  if (pps.deblockingControl && bits.unsignedGolomb() !== 1) {
    bits.signedGolomb();
    bits.signedGolomb();
  }
}

/** Where rbsp_stop_one_bit is, in bits; cabac_zero_words may follow it. 0: there is none. */
function stopBitOf(rbsp: Uint8Array): number {
  let last = rbsp.length - 1;
  while (last >= 0 && rbsp[last] === 0) last -= 1;
  if (last < 0) return 0;
  const zeros = 31 - Math.clz32(rbsp[last]! & -rbsp[last]!);
  return last * 8 + 7 - zeros;
}

/** ITU-T H.264 s.7.4.1.1: no start code may appear inside a NAL unit. */
function withEmulationPrevention(rbsp: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(Math.ceil((rbsp.length * 3) / 2) + 1);
  let written = 0;
  let zeros = 0;
  for (const byte of rbsp) {
    if (zeros >= 2 && byte <= 3) {
      out[written++] = 3;
      zeros = 0;
    }
    out[written++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return out.subarray(0, written);
}
