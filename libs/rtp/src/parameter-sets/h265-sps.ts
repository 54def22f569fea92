import { NightjarError } from '@nightjar/common';
import { H265 } from '../nal-types.js';
import { BitReader, rbspOf } from './bit-reader.js';
import { frameRateOf, optionalTail, pictureFormat, skipVuiPicture } from './picture.js';
import type { PictureFormat } from './picture.js';

export interface H265Sps extends PictureFormat {
  readonly order: H265OrderFields;
}

/** What is needed to read the order of pictures from their slice headers (ITU-T H.265 s.7.3.6.1). */
export interface H265OrderFields {
  /** Bits of `slice_pic_order_cnt_lsb`; undefined when the SPS ends before it. */
  readonly countBits: number | undefined;
  readonly separatePlanes: boolean;
}

const MAX_SHORT_TERM_SETS = 64;
const MAX_LONG_TERM_PICTURES = 32;
const MAX_DECODED_PICTURES = 16;
/** general_profile_space up to general_inbld_flag or its reserved bit (ITU-T H.265 s.7.3.3). */
const PROFILE_BITS = 88;
const LEVEL_BITS = 8;

/**
 * Reads a sequence parameter set NAL unit, header included (ITU-T H.265 s.7.3.2.2).
 *
 * @throws NightjarError `protocol`: not an SPS, cut off before the picture size, or of an impossible size
 */
export function parseH265Sps(nal: Uint8Array): H265Sps {
  if ((((nal[0] ?? 0) >> 1) & 0x3f) !== H265.sps) {
    throw new NightjarError('protocol', 'rtp/not-sps', 'NAL unit is no H.265 SPS');
  }
  const bits = new BitReader(rbspOf(nal, H265.headerBytes));
  bits.skip(4); // sps_video_parameter_set_id
  const maxSubLayers = bits.bits(3) + 1;
  bits.skip(1); // sps_temporal_id_nesting_flag
  skipProfileTierLevel(bits, maxSubLayers);
  bits.unsignedGolomb(); // sps_seq_parameter_set_id
  const chromaFormat = bits.unsignedGolomb();
  const separatePlanes = chromaFormat === 3 && bits.flag();
  const codedWidth = bits.unsignedGolomb();
  const codedHeight = bits.unsignedGolomb();
  let widthPx = codedWidth;
  let heightPx = codedHeight;
  if (bits.flag()) {
    const subWidth = !separatePlanes && (chromaFormat === 1 || chromaFormat === 2) ? 2 : 1;
    const subHeight = !separatePlanes && chromaFormat === 1 ? 2 : 1;
    widthPx -= subWidth * (bits.unsignedGolomb() + bits.unsignedGolomb());
    heightPx -= subHeight * (bits.unsignedGolomb() + bits.unsignedGolomb());
  }
  const countBits = optionalTail(() => {
    bits.unsignedGolomb(); // bit_depth_luma_minus8
    bits.unsignedGolomb(); // bit_depth_chroma_minus8
    return bits.unsignedGolomb() + 4; // log2_max_pic_order_cnt_lsb_minus4
  });
  const frameRate = countBits && optionalTail(() => readFrameRate(bits, maxSubLayers, countBits));
  return {
    ...pictureFormat(widthPx, heightPx, frameRate),
    order: { countBits, separatePlanes },
  };
}

function skipProfileTierLevel(bits: BitReader, maxSubLayers: number): void {
  bits.skip(PROFILE_BITS + LEVEL_BITS);
  if (maxSubLayers === 1) return;
  const present = Array.from({ length: maxSubLayers - 1 }, () => ({
    profile: bits.flag(),
    level: bits.flag(),
  }));
  bits.skip(2 * (9 - maxSubLayers)); // reserved_zero_2bits up to eight layers
  for (const layer of present) {
    bits.skip((layer.profile ? PROFILE_BITS : 0) + (layer.level ? LEVEL_BITS : 0));
  }
}

/** Walks from behind log2_max_pic_order_cnt_lsb_minus4 to vui_timing_info. */
function readFrameRate(
  bits: BitReader,
  maxSubLayers: number,
  orderBits: number,
): number | undefined {
  const orderedLayers = bits.flag() ? maxSubLayers : 1;
  for (let i = 0; i < orderedLayers * 3; i += 1) bits.unsignedGolomb();
  for (let i = 0; i < 6; i += 1) bits.unsignedGolomb(); // block sizes and transform depths
  if (bits.flag() && bits.flag()) skipScalingLists(bits);
  bits.skip(2); // amp_enabled_flag, sample_adaptive_offset_enabled_flag
  if (bits.flag()) {
    bits.skip(8); // PCM bit depths
    bits.unsignedGolomb();
    bits.unsignedGolomb();
    bits.skip(1);
  }
  skipShortTermSets(bits);
  if (bits.flag()) {
    const pictures = atMost(bits.unsignedGolomb(), MAX_LONG_TERM_PICTURES);
    bits.skip(pictures * (orderBits + 1));
  }
  bits.skip(2); // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
  return bits.flag() ? readVuiFrameRate(bits) : undefined;
}

/** ITU-T H.265 s.7.3.4. */
function skipScalingLists(bits: BitReader): void {
  for (let size = 0; size < 4; size += 1) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (!bits.flag()) {
        bits.unsignedGolomb(); // predicted from another matrix
        continue;
      }
      if (size > 1) bits.signedGolomb(); // DC coefficient
      const coefficients = Math.min(64, 1 << (4 + (size << 1)));
      for (let i = 0; i < coefficients; i += 1) bits.signedGolomb();
    }
  }
}

/** st_ref_pic_set for every index (ITU-T H.265 s.7.3.7); a predicted set has as many entries as its flags leave. */
function skipShortTermSets(bits: BitReader): void {
  const sets = atMost(bits.unsignedGolomb(), MAX_SHORT_TERM_SETS);
  let pictures = 0;
  for (let set = 0; set < sets; set += 1) {
    if (set > 0 && bits.flag()) {
      bits.skip(1); // delta_rps_sign
      bits.unsignedGolomb(); // abs_delta_rps_minus1
      let kept = 0;
      for (let i = 0; i <= pictures; i += 1) {
        if (bits.flag() || bits.flag()) kept += 1; // used_by_curr_pic_flag, else use_delta_flag
      }
      pictures = atMost(kept, MAX_DECODED_PICTURES);
      continue;
    }
    const negative = atMost(bits.unsignedGolomb(), MAX_DECODED_PICTURES);
    const positive = atMost(bits.unsignedGolomb(), MAX_DECODED_PICTURES);
    pictures = negative + positive;
    for (let i = 0; i < pictures; i += 1) {
      bits.unsignedGolomb(); // delta_poc
      bits.skip(1); // used_by_curr_pic
    }
  }
}

function readVuiFrameRate(bits: BitReader): number | undefined {
  skipVuiPicture(bits);
  bits.skip(3); // neutral_chroma_indication, field_seq, frame_field_info_present
  if (bits.flag()) for (let i = 0; i < 4; i += 1) bits.unsignedGolomb(); // default display window
  if (!bits.flag()) return undefined;
  const unitsInTick = bits.bits(32);
  return frameRateOf(unitsInTick, bits.bits(32));
}

function atMost(value: number, limit: number): number {
  if (value > limit) {
    throw new NightjarError('protocol', 'rtp/sps-count', 'SPS count is out of range', {
      value,
      limit,
    });
  }
  return value;
}
