import type { Codec } from './format.js';
import { H264, H265 } from './nal-types.js';

const LENGTH_BYTES = 4;
/** nal_ref_idc of H.264. */
const REFERENCE_BITS = 0x60;

/**
 * True if no other picture needs this one for decoding, as most B-frames: H.264 nal_ref_idc 0 (ITU-T H.264 s.7.4.1), H.265
 * sub-layer non-reference pictures, whose types are even and below 16 (ITU-T H.265 table 7-1). False for other codecs,
 * and for data that cannot be read.
 * @param data NAL units behind 4-byte lengths, as in `AccessUnit`
 */
export function isDisposable(codec: Codec, data: Uint8Array): boolean {
  if (codec !== 'h264' && codec !== 'h265') return false;
  let pictures = 0;
  for (let at = 0; at + LENGTH_BYTES < data.length;) {
    const length =
      ((data[at]! << 24) | (data[at + 1]! << 16) | (data[at + 2]! << 8) | data[at + 3]!) >>> 0;
    const header = data[at + LENGTH_BYTES]!;
    const needed = codec === 'h264' ? h264Picture(header) : h265Picture(header);
    if (needed === true) return false;
    if (needed === false) pictures += 1;
    at += LENGTH_BYTES + length;
  }
  return pictures > 0;
}

/** Whether others may refer to the slice that begins like this; undefined when it is none. */
function h264Picture(header: number): boolean | undefined {
  const type = header & 0x1f;
  return type >= H264.firstVcl && type <= H264.idr ? (header & REFERENCE_BITS) !== 0 : undefined;
}

function h265Picture(header: number): boolean | undefined {
  const type = (header >> 1) & 0x3f;
  if (type > H265.lastVcl) return undefined;
  return type >= H265.firstIrap || type % 2 === 1;
}
