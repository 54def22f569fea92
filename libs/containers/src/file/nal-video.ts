import {
  h264Config,
  h264FieldPairs,
  h264Order,
  h265Config,
  h265Order,
  parseH264Sps,
  parseH265Sps,
  splitAnnexB,
  type PictureOrder,
} from '@nightjar/rtp';
import { lengthOf } from './codec-records.js';
import type { Part, VideoSyntax } from './elementary-video.js';
import type { ShowingOrder } from './stepped-file.js';

/** Of streams that do not say. */
const DEFAULT_FRAME_RATE = 25;
/** Pictures are shown no further from where they come than this (ITU-T H.264 s.A.3.1, H.265 s.A.4.2: 16 decoded pictures). */
const MAX_REORDER = 16;

const HEAD: Part = { role: 'head', keyframe: false };
const MORE: Part = { role: 'more', keyframe: false };

/** Types of NAL units, ITU-T H.264 table 7-1. */
const H264 = { firstSlice: 1, lastSlice: 5, idr: 5, sps: 7, pps: 8, aud: 9 };
/** ITU-T H.265 table 7-1. */
const H265 = { lastSlice: 31, firstIrap: 16, lastIrap: 23, vps: 32, sps: 33, pps: 34, aud: 35 };
/** Behind the picture that they belong to: ends and filler, and SEI messages that follow. */
const H264_BEHIND = new Set([10, 11, 12]);
const H265_BEHIND = new Set([36, 37, 38, 40]);

/** H.264 (ITU-T H.264 annex B). Undefined when the start holds no parameter sets. */
export function h264Video(head: Buffer): VideoSyntax | undefined {
  const nals = splitAnnexB(head);
  const typeOf = (nal: Uint8Array): number => (nal[0] ?? 0) & 0x1f;
  const find = (type: number) => nals.find((nal) => typeOf(nal) === type)?.slice();
  const [sps, pps] = [find(H264.sps), find(H264.pps)];
  if (sps === undefined || pps === undefined) return undefined;
  const { frameRate = DEFAULT_FRAME_RATE } = parseH264Sps(sps);
  const isPair = h264FieldPairs(sps);
  const isSlice = (nal: Uint8Array): boolean =>
    typeOf(nal) >= H264.firstSlice && typeOf(nal) <= H264.lastSlice;
  return {
    config: h264Config(sps, pps),
    unitMs: 1000 / frameRate,
    part(bytes, picture) {
      const type = typeOf(bytes);
      if (H264_BEHIND.has(type)) return MORE;
      if (!isSlice(bytes)) return HEAD;
      // first_mb_in_slice is 0, which is one set bit (ITU-T H.264 s.7.3.3).
      const first = ((bytes[1] ?? 0) & 0x80) !== 0;
      if (!first || (picture !== undefined && isPair?.(picture, bytes) === true)) return MORE;
      return { role: 'picture', keyframe: type === H264.idr };
    },
    dataOf: (bytes) => withLengths(bytes, (nal) => typeOf(nal) !== H264.aud),
    order: (mark) => new ShownByCount(h264Order(sps), isSlice, mark?.shown),
  };
}

/** H.265 (ITU-T H.265 annex B). Undefined when the start holds no parameter sets. */
export function h265Video(head: Buffer): VideoSyntax | undefined {
  const nals = splitAnnexB(head);
  const typeOf = (nal: Uint8Array): number => ((nal[0] ?? 0) >> 1) & 0x3f;
  const find = (type: number) => nals.find((nal) => typeOf(nal) === type)?.slice();
  const [vps, sps, pps] = [find(H265.vps), find(H265.sps), find(H265.pps)];
  if (vps === undefined || sps === undefined || pps === undefined) return undefined;
  const { frameRate = DEFAULT_FRAME_RATE } = parseH265Sps(sps);
  const isSlice = (nal: Uint8Array): boolean => typeOf(nal) <= H265.lastSlice;
  return {
    config: h265Config(vps, sps, pps),
    unitMs: 1000 / frameRate,
    part(bytes) {
      const type = typeOf(bytes);
      if (H265_BEHIND.has(type)) return MORE;
      if (!isSlice(bytes)) return HEAD;
      // first_slice_segment_in_pic_flag (ITU-T H.265 s.7.3.6.1).
      if (((bytes[2] ?? 0) & 0x80) === 0) return MORE;
      return { role: 'picture', keyframe: type >= H265.firstIrap && type <= H265.lastIrap };
    },
    dataOf: (bytes) => withLengths(bytes, (nal) => typeOf(nal) !== H265.aud),
    order: (mark) => new ShownByCount(h265Order(sps, pps), isSlice, mark?.shown),
  };
}

/** When pictures are shown, by the count in their slices. */
class ShownByCount implements ShowingOrder {
  /** Number of the picture that would have the count 0. */
  private origin = 0;

  constructor(
    private readonly order: PictureOrder | undefined,
    private readonly isSlice: (nal: Uint8Array) => boolean,
    /** Where the first picture is shown, if that is known. */
    private firstShown: number | undefined,
  ) {}

  place(bytes: Buffer, number: number): number {
    const slice = this.order && splitAnnexB(bytes).find(this.isSlice);
    const place = slice && this.order?.next(slice);
    if (place === undefined || this.order === undefined) return number;
    const shown = place.count / this.order.step;
    if (place.restarts) this.origin = (this.firstShown ?? number) - shown;
    this.firstShown = undefined;
    const at = this.origin + shown;
    return Math.abs(at - number) > MAX_REORDER ? number : at;
  }
}

/** NAL units behind their lengths instead of start codes. */
function withLengths(bytes: Buffer, keep: (nal: Uint8Array) => boolean): Uint8Array {
  return Buffer.concat(
    splitAnnexB(bytes)
      .filter(keep)
      .flatMap((nal) => [lengthOf(nal.length), nal]),
  );
}
