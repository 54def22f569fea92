import type { CodecConfig } from '../format.js';
import { H264, H265 } from '../nal-types.js';
import { h264Config, h265Config } from '../parameter-sets/codec-config.js';

/** What a NAL unit is to an access unit: a parameter set goes into the configuration, a dropped one nowhere. */
export type NalRole = 'parameter-set' | 'dropped' | 'keyframe-slice' | 'slice' | 'other';

/** What differs between H.264 and H.265 once NAL units are out of their packets. */
export interface VideoSyntax {
  readonly headerBytes: number;
  /** NAL unit types of the parameter sets, in the order `configOf` takes them. */
  readonly setTypes: readonly number[];
  /** NAL unit type from the first header byte. */
  typeOf(firstByte: number): number;
  roleOf(type: number): NalRole;
  /** Whether a slice is the first of its picture; false if it is too short to tell. */
  beginsPicture(slice: Uint8Array): boolean;
  /** Undefined if a set is missing. @throws NightjarError `protocol`: unreadable SPS */
  configOf(sets: readonly (Uint8Array | undefined)[]): CodecConfig | undefined;
  /** The reverse of `configOf`. */
  setsOf(config: CodecConfig | undefined): (Uint8Array | undefined)[];
}

export const h264Syntax: VideoSyntax = {
  headerBytes: H264.headerBytes,
  setTypes: [H264.sps, H264.pps],
  typeOf: (firstByte) => firstByte & 0x1f,
  roleOf(type) {
    if (type === H264.idr) return 'keyframe-slice';
    if (type > 0 && type < H264.idr) return 'slice';
    if (type === H264.sps || type === H264.pps) return 'parameter-set';
    const kept = type === H264.sei || (type > H264.filler && type <= H264.lastCoded);
    return kept ? 'other' : 'dropped';
  },
  // first_mb_in_slice, ue(v), is 0 (ITU-T H.264 s.7.3.3): the one bit of it is set.
  beginsPicture: (slice) => ((slice[H264.headerBytes] ?? 0) & 0x80) !== 0,
  configOf: ([sps, pps]) => sps && pps && h264Config(sps, pps),
  setsOf: (config) =>
    config?.codec === 'h264' ? [config.sps, config.pps] : [undefined, undefined],
};

export const h265Syntax: VideoSyntax = {
  headerBytes: H265.headerBytes,
  setTypes: [H265.vps, H265.sps, H265.pps],
  typeOf: (firstByte) => (firstByte >> 1) & 0x3f,
  roleOf(type) {
    if (type >= H265.firstIrap && type <= H265.lastIrap) return 'keyframe-slice';
    if (type <= H265.lastVcl) return 'slice';
    if (type <= H265.pps) return 'parameter-set';
    return type > H265.filler && type <= H265.lastCoded ? 'other' : 'dropped';
  },
  // first_slice_segment_in_pic_flag (ITU-T H.265 s.7.3.6.1).
  beginsPicture: (slice) => ((slice[H265.headerBytes] ?? 0) & 0x80) !== 0,
  configOf: ([vps, sps, pps]) => vps && sps && pps && h265Config(vps, sps, pps),
  setsOf: (config) =>
    config?.codec === 'h265'
      ? [config.vps, config.sps, config.pps]
      : [undefined, undefined, undefined],
};
