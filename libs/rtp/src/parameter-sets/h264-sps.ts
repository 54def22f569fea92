import { NightjarError } from '@nightjar/common';
import { H264 } from '../nal-types.js';
import { BitReader, rbspOf } from './bit-reader.js';
import { frameRateOf, optionalTail, pictureFormat, skipVuiPicture } from './picture.js';
import type { PictureFormat } from './picture.js';

/** Profiles whose SPS carries chroma format and scaling matrices (ITU-T H.264 s.7.3.2.1.1). */
const PROFILES_WITH_CHROMA = new Set([
  100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135,
]);
const MAX_REFERENCE_FRAMES_IN_CYCLE = 255;

export interface H264Sps extends PictureFormat {
  /** profile_idc, constraint flags and level_idc as 6 hex digits, the form of SDP (RFC 6184 s.8.1). */
  readonly profileLevelId: string;
  readonly order: H264SliceSyntax;
}

/** What of an SPS decides how the headers of its slices are written (ITU-T H.264 s.7.3.3). */
export interface H264SliceSyntax {
  /** separate_colour_plane_flag. */
  readonly separatePlanes: boolean;
  /** Length of frame_num. */
  readonly frameNumBits: number;
  readonly pictureOrder: H264PictureOrder;
  /** frame_mbs_only_flag: there are no fields. */
  readonly framesOnly: boolean;
}

/** pic_order_cnt_type, and what a slice header says of it. */
export type H264PictureOrder =
  | { readonly type: 0; /** Length of pic_order_cnt_lsb. */ readonly lsbBits: number }
  | { readonly type: 1; /** Slices hold delta_pic_order_cnt. */ readonly deltas: boolean }
  | { readonly type: 2 };

/**
 * Reads a sequence parameter set NAL unit, header included (ITU-T H.264 s.7.3.2.1.1).
 *
 * @throws NightjarError `protocol`: not an SPS, cut off before the picture size, or of an impossible size
 */
export function parseH264Sps(nal: Uint8Array): H264Sps {
  if (((nal[0] ?? 0) & 0x1f) !== H264.sps) {
    throw new NightjarError('protocol', 'rtp/not-sps', 'NAL unit is no H.264 SPS');
  }
  const bits = new BitReader(rbspOf(nal, H264.headerBytes));
  const profile = bits.bits(8);
  const constraints = bits.bits(8);
  const level = bits.bits(8);
  bits.unsignedGolomb(); // seq_parameter_set_id
  const chroma = PROFILES_WITH_CHROMA.has(profile) ? readChroma(bits) : CHROMA_420;
  const frameNumBits = bits.unsignedGolomb() + 4;
  const pictureOrder = readPictureOrder(bits);
  bits.unsignedGolomb(); // max_num_ref_frames
  bits.skip(1); // gaps_in_frame_num_value_allowed_flag
  const widthMbs = bits.unsignedGolomb() + 1;
  const heightMapUnits = bits.unsignedGolomb() + 1;
  const framesOnly = bits.flag();
  if (!framesOnly) bits.skip(1); // mb_adaptive_frame_field_flag
  bits.skip(1); // direct_8x8_inference_flag
  const crop = bits.flag() ? readFour(bits) : [0, 0, 0, 0];
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  const fieldsPerFrame = framesOnly ? 1 : 2;
  const cropUnitY = chroma.cropUnitY * fieldsPerFrame;
  return {
    ...pictureFormat(
      widthMbs * 16 - (left + right) * chroma.cropUnitX,
      heightMapUnits * 16 * fieldsPerFrame - (top + bottom) * cropUnitY,
      optionalTail(() => (bits.flag() ? readFrameRate(bits) : undefined)),
    ),
    profileLevelId: Buffer.from([profile, constraints, level]).toString('hex'),
    order: { separatePlanes: chroma.separatePlanes, frameNumBits, pictureOrder, framesOnly },
  };
}

interface ChromaFormat {
  readonly cropUnitX: number;
  readonly cropUnitY: number;
  readonly separatePlanes: boolean;
}

const CHROMA_420: ChromaFormat = { cropUnitX: 2, cropUnitY: 2, separatePlanes: false };
const CHROMA_422: ChromaFormat = { cropUnitX: 2, cropUnitY: 1, separatePlanes: false };
const CHROMA_ONE: ChromaFormat = { cropUnitX: 1, cropUnitY: 1, separatePlanes: false };

function readChroma(bits: BitReader): ChromaFormat {
  const chromaFormat = bits.unsignedGolomb();
  const separatePlanes = chromaFormat === 3 && bits.flag();
  bits.unsignedGolomb(); // bit_depth_luma_minus8
  bits.unsignedGolomb(); // bit_depth_chroma_minus8
  bits.skip(1); // qpprime_y_zero_transform_bypass_flag
  if (bits.flag()) skipScalingMatrix(bits, chromaFormat === 3 ? 12 : 8);
  if (separatePlanes) return { ...CHROMA_ONE, separatePlanes };
  if (chromaFormat === 1) return CHROMA_420;
  return chromaFormat === 2 ? CHROMA_422 : CHROMA_ONE;
}

function skipScalingMatrix(bits: BitReader, lists: number): void {
  for (let list = 0; list < lists; list += 1) {
    if (!bits.flag()) continue;
    const size = list < 6 ? 16 : 64;
    // A scale of zero says that the rest repeats the one before.
    for (let i = 0, scale = 8; i < size && scale !== 0; i += 1) {
      scale = (scale + bits.signedGolomb() + 256) % 256;
    }
  }
}

function readPictureOrder(bits: BitReader): H264PictureOrder {
  const type = bits.unsignedGolomb();
  if (type === 0) return { type, lsbBits: bits.unsignedGolomb() + 4 };
  if (type === 1) {
    const deltas = !bits.flag(); // delta_pic_order_always_zero_flag
    bits.signedGolomb(); // offset_for_non_ref_pic
    bits.signedGolomb(); // offset_for_top_to_bottom_field
    const cycle = bits.unsignedGolomb();
    if (cycle > MAX_REFERENCE_FRAMES_IN_CYCLE) {
      throw new NightjarError('protocol', 'rtp/sps-poc', 'SPS has an impossible POC cycle');
    }
    for (let i = 0; i < cycle; i += 1) bits.signedGolomb();
    return { type, deltas };
  }
  return { type: 2 };
}

function readFour(bits: BitReader): number[] {
  return Array.from({ length: 4 }, () => bits.unsignedGolomb());
}

/** A frame is two fields long, so two ticks (ITU-T H.264 s.E.2.1, time_scale). */
function readFrameRate(bits: BitReader): number | undefined {
  skipVuiPicture(bits);
  if (!bits.flag()) return undefined;
  const unitsInTick = bits.bits(32);
  return frameRateOf(unitsInTick * 2, bits.bits(32));
}
