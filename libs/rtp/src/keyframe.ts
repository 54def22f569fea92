import { START_CODE } from './annex-b.js';
import type { Codec } from './format.js';
import { H264, H265 } from './nal-types.js';

/** What stands before the parameter sets of a keyframe is short: a delimiter, some SEI. */
const HIDDEN_WITHIN_BYTES = 256;

/**
 * True if this RTP payload starts a keyframe access unit, or holds that start: H.264 SPS or first slice of an IDR
 * picture, H.265 VPS, SPS or first slice of an IRAP picture, alone, aggregated or as the first fragment. Always false
 * for other codecs. Looks at one packet and keeps no state, so the SPS and the IDR slice of one access unit both say
 * true when they come in packets of their own; they then have the same RTP timestamp.
 */
export function startsKeyframe(
  codec: Codec,
  buf: Buffer,
  payloadStart: number,
  payloadEnd: number,
): boolean {
  if (codec === 'h264') return startsH264Keyframe(buf, payloadStart, payloadEnd);
  if (codec === 'h265') return startsH265Keyframe(buf, payloadStart, payloadEnd);
  return false;
}

function startsH264Keyframe(buf: Buffer, start: number, end: number): boolean {
  if (end - start < H264.headerBytes) return false;
  const type = (buf[start] ?? 0) & 0x1f;
  if (type === H264.stapA) {
    for (let at = start + 1; at + 3 <= end; at += 2 + buf.readUInt16BE(at)) {
      if (h264NalStartsKeyframe((buf[at + 2] ?? 0) & 0x1f, buf, at + 3, end)) return true;
    }
    return false;
  }
  if (type !== H264.fuA) return h264NalStartsKeyframe(type, buf, start + 1, end);
  if (end - start < 2) return false;
  const fuHeader = buf[start + 1] ?? 0;
  return (fuHeader & 0x80) !== 0 && h264NalStartsKeyframe(fuHeader & 0x1f, buf, start + 2, end);
}

/** The first slice of a picture begins with first_mb_in_slice = 0, one set bit (ITU-T H.264 s.7.3.3). */
function h264NalStartsKeyframe(type: number, buf: Buffer, slice: number, end: number): boolean {
  if (type === H264.sps || (type === H264.idr && isSet(buf, slice, end))) return true;
  if (type !== 0 && type !== H264.aud && type !== H264.sei && type !== H264.pps) return false;
  const hidden = nalBehindStartCode(buf, slice - H264.headerBytes, end);
  return hidden > 0 && h264NalStartsKeyframe((buf[hidden] ?? 0) & 0x1f, buf, hidden + 1, end);
}

function startsH265Keyframe(buf: Buffer, start: number, end: number): boolean {
  if (end - start < H265.headerBytes) return false;
  const type = ((buf[start] ?? 0) >> 1) & 0x3f;
  if (type === H265.ap) {
    for (let at = start + 2; at + 4 <= end; at += 2 + buf.readUInt16BE(at)) {
      if (h265NalStartsKeyframe(((buf[at + 2] ?? 0) >> 1) & 0x3f, buf, at + 4, end)) return true;
    }
    return false;
  }
  if (type !== H265.fu) return h265NalStartsKeyframe(type, buf, start + 2, end);
  if (end - start < 3) return false;
  const fuHeader = buf[start + 2] ?? 0;
  return (fuHeader & 0x80) !== 0 && h265NalStartsKeyframe(fuHeader & 0x3f, buf, start + 3, end);
}

/** A slice segment begins with first_slice_segment_in_pic_flag (ITU-T H.265 s.7.3.6.1). */
function h265NalStartsKeyframe(type: number, buf: Buffer, slice: number, end: number): boolean {
  if (type === H265.vps || type === H265.sps) return true;
  if (type >= H265.firstIrap && type <= H265.lastIrap) return isSet(buf, slice, end);
  const nal = slice - H265.headerBytes;
  const startCode = type === 0 && buf[nal] === 0 && buf[nal + 1] === 0;
  if (!startCode && (type < H265.pps || type > H265.prefixSei)) return false;
  const hidden = nalBehindStartCode(buf, nal, end);
  return (
    hidden > 0 && h265NalStartsKeyframe(((buf[hidden] ?? 0) >> 1) & 0x3f, buf, hidden + 2, end)
  );
}

/**
 * Where another NAL unit begins inside one, 0 when none does soon. field: V380 and others send whole access units as one
 * "NAL unit", with Annex B start codes between, or before the first.
 */
function nalBehindStartCode(buf: Buffer, start: number, end: number): number {
  const last = Math.min(end - 1, start + HIDDEN_WITHIN_BYTES) - START_CODE.length;
  for (let at = start; at <= last; at++) {
    if (buf[at] === 0 && buf[at + 1] === 0 && buf[at + 2] === 1) return at + START_CODE.length;
  }
  return 0;
}

function isSet(buf: Buffer, at: number, end: number): boolean {
  return at < end && ((buf[at] ?? 0) & 0x80) !== 0;
}
