import { NightjarError } from '@nightjar/common';
import type { BitReader } from './bit-reader.js';

/** Level 6.2 of both codecs allows 16888 luma samples on a side (ITU-T H.264 s.A.3.1, H.265 s.A.4.1). */
const MAX_SIDE_PX = 16_888;
const MAX_FRAME_RATE = 1000;

/** What Nightjar needs of a sequence parameter set. */
export interface PictureFormat {
  /** Size after cropping. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** Frames per second of the VUI timing; absent when the stream does not say, or says nonsense. */
  readonly frameRate?: number;
}

/** @throws NightjarError `protocol` when a side is impossible: the bytes are not what they claim to be. */
export function pictureFormat(
  widthPx: number,
  heightPx: number,
  frameRate: number | undefined,
): PictureFormat {
  if (widthPx < 1 || heightPx < 1 || widthPx > MAX_SIDE_PX || heightPx > MAX_SIDE_PX) {
    throw new NightjarError('protocol', 'rtp/picture-size', 'picture size is out of range', {
      widthPx,
      heightPx,
    });
  }
  return frameRate === undefined ? { widthPx, heightPx } : { widthPx, heightPx, frameRate };
}

/** Runs a parser of the optional tail of a parameter set: what cannot be read there is only not known. */
export function optionalTail<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof NightjarError) return undefined;
    throw error;
  }
}

/** VUI fields before the timing that both codecs share, from aspect_ratio_info to chroma_loc_info (s.E.1.1, s.E.2.1). */
export function skipVuiPicture(bits: BitReader): void {
  const extendedSar = 255;
  if (bits.flag() && bits.bits(8) === extendedSar) bits.skip(32);
  if (bits.flag()) bits.skip(1); // overscan
  if (bits.flag()) {
    bits.skip(4); // video_format, video_full_range_flag
    if (bits.flag()) bits.skip(24); // colour description
  }
  if (bits.flag()) {
    bits.unsignedGolomb(); // chroma sample location, top field
    bits.unsignedGolomb(); // bottom field
  }
}

/** Ticks per picture and per second to frames per second. */
export function frameRateOf(unitsPerFrame: number, unitsPerSecond: number): number | undefined {
  const rate = unitsPerSecond / unitsPerFrame;
  return rate > 0 && rate <= MAX_FRAME_RATE ? rate : undefined;
}
