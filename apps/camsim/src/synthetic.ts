import { NightjarError } from '@nightjar/common';
import type { ClipTrack, ClipUnit, VideoCodec } from './clip.js';
import { lengthPrefixed, loadVideo, VIDEO_CLOCK_HZ } from './clip.js';
import { blankFrameStamp, FRAME_STAMP_BYTES } from './frame-stamp.js';

export interface SyntheticOptions {
  readonly codec: VideoCodec;
  readonly bitsPerSecond: number;
  readonly framesPerSecond: number;
  /** Frames from one keyframe to the next. */
  readonly gopFrames: number;
}

/** A keyframe is this many times as large as the frames after it, as with real cameras. */
const KEYFRAME_WEIGHT = 8;
/** `cabac_zero_word` with its emulation prevention byte. */
const CABAC_ZERO_WORD = Buffer.from([0, 0, 3]);
const SEI_USER_DATA_UNREGISTERED = 5;
const RBSP_STOP_BIT = 0x80;

/**
 * One GOP of real small pictures, each filled up with `cabac_zero_word`s (ISO/IEC 14496-10 s.7.3.2.10, 23008-2 s.7.3.2.10:
 * legal behind any CABAC slice, ignored by decoders) so that the access units of a GOP add up to the asked bit rate within
 * 2 bytes. Each unit carries a blank frame stamp. `clip` names the pictures.
 */
export function syntheticVideo(options: SyntheticOptions, clip = 'synthetic'): ClipTrack {
  const { codec, bitsPerSecond, framesPerSecond, gopFrames } = options;
  const source = loadVideo(clip, codec);
  const pictures = firstGop(source.units).slice(0, gopFrames);
  if (pictures.length < gopFrames) {
    throw unusable(`The clip "${clip}" allows GOPs of up to ${pictures.length} frames`);
  }
  const stamp = lengthPrefixed(frameStampNal(codec));
  const gopBytes = (bitsPerSecond / 8 / framesPerSecond) * gopFrames;
  const share = gopBytes / (KEYFRAME_WEIGHT + gopFrames - 1);
  let planned = 0;
  let made = 0;
  const units = pictures.map((picture) => {
    planned += picture.keyframe ? KEYFRAME_WEIGHT * share : share;
    const spare = planned - made - stamp.length - picture.data.length;
    if (spare < 0) {
      throw unusable(`${bitsPerSecond} bit/s are too few for the pictures of "${clip}"`);
    }
    const unit = { ...picture, data: Buffer.concat([stamp, fill(picture.data, spare)]) };
    made += unit.data.length;
    return unit;
  });
  const ticksPerUnit = VIDEO_CLOCK_HZ / framesPerSecond;
  return { ...source, ticksPerUnit, units };
}

function firstGop(units: readonly ClipUnit[]): readonly ClipUnit[] {
  const second = units.findIndex((unit, index) => index > 0 && unit.keyframe);
  return second < 0 ? units : units.slice(0, second);
}

/** Lengthens the last NAL unit of an access unit by up to `spareBytes`. */
function fill(data: Uint8Array, spareBytes: number): Buffer {
  const words = Math.floor(spareBytes / CABAC_ZERO_WORD.length);
  const filling = Buffer.alloc(words * CABAC_ZERO_WORD.length, CABAC_ZERO_WORD);
  const filled = Buffer.concat([data, filling]);
  const at = lastLengthOffset(data);
  filled.writeUInt32BE(filled.readUInt32BE(at) + filling.length, at);
  return filled;
}

function lastLengthOffset(data: Uint8Array): number {
  const view = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  for (;;) {
    const next = at + 4 + view.readUInt32BE(at);
    if (next >= view.length) return at;
    at = next;
  }
}

/** SEI NAL unit: type 6 in H.264, PREFIX_SEI_NUT (39) in H.265. */
function frameStampNal(codec: VideoCodec): Buffer {
  const header = codec === 'h264' ? [6] : [39 << 1, 1];
  return Buffer.concat([
    Buffer.from([...header, SEI_USER_DATA_UNREGISTERED, FRAME_STAMP_BYTES]),
    blankFrameStamp(),
    Buffer.from([RBSP_STOP_BIT]),
  ]);
}

function unusable(message: string): NightjarError {
  return new NightjarError('invalid', 'camsim/synthetic', message);
}
