import { NightjarError } from '@nightjar/common';
import { skipAudioSpecificConfig } from './audio-specific-config.js';
import type { BitReader } from './bit-reader.js';

/** StreamMuxConfig of one program with one layer: all that sound of a camera needs (ISO/IEC 14496-3 table 1.42). */
export interface StreamMuxConfig {
  /** An owned copy. */
  readonly audioSpecificConfig: Uint8Array;
  /** Frames of one AudioMuxElement, 1 to 64. */
  readonly frames: number;
  /** Bits of each frame, where they do not say it themselves. */
  readonly frameBits: number | undefined;
  /** Behind the frames. */
  readonly otherDataBits: number;
}

/** Offset of `frameLength` (ISO/IEC 14496-3 s.1.7.3.2.3). */
const FRAME_LENGTH_OFFSET_BYTES = 20;
const MAX_OTHER_DATA_BITS = 65_536;

/**
 * Reads a StreamMuxConfig where the reader stands, and leaves the reader behind it.
 *
 * @param bytes what the reader reads
 * @throws NightjarError `protocol`: cut off, several programs or layers, or not AAC
 */
export function readStreamMuxConfig(bits: BitReader, bytes: Uint8Array): StreamMuxConfig {
  const second = bits.flag();
  if (second && bits.flag()) throw unread('audioMuxVersionA 1');
  if (second) readLatmValue(bits); // taraBufferFullness
  if (!bits.flag()) throw unread('streams of different framing');
  const frames = bits.bits(6) + 1;
  if (bits.bits(4) !== 0) throw unread('several programs');
  if (bits.bits(3) !== 0) throw unread('several layers');
  const audioSpecificConfig = second ? readSized(bits, bytes) : readUnsized(bits, bytes);
  const frameBits = readFrameLength(bits);
  const otherDataBits = bits.flag() ? readOtherDataBits(bits, second) : 0;
  if (bits.flag()) bits.skip(8); // crcCheckSum
  return { audioSpecificConfig, frames, frameBits, otherDataBits };
}

/** Bits `from` to `to` of `bytes`, moved to the begin of a byte; zeros fill the last one. */
export function copyBits(bytes: Uint8Array, from: number, to: number, target: Uint8Array): void {
  const [first, shift] = [from >> 3, from & 7];
  const length = (to - from + 7) >> 3;
  for (let i = 0; i < length; i += 1) {
    const word = ((bytes[first + i] ?? 0) << 8) | (bytes[first + i + 1] ?? 0);
    target[i] = word >> (8 - shift);
  }
  const spare = length * 8 - (to - from);
  if (spare > 0) target[length - 1]! &= 0xff << spare;
}

function readUnsized(bits: BitReader, bytes: Uint8Array): Uint8Array {
  const from = bits.position;
  skipAudioSpecificConfig(bits);
  return cut(bytes, from, bits.position);
}

function readSized(bits: BitReader, bytes: Uint8Array): Uint8Array {
  const length = readLatmValue(bits);
  const from = bits.position;
  bits.skip(length);
  return cut(bytes, from, from + length);
}

function cut(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const copy = new Uint8Array((to - from + 7) >> 3);
  copyBits(bytes, from, to, copy);
  return copy;
}

function readFrameLength(bits: BitReader): number | undefined {
  const type = bits.bits(3);
  if (type === 0) {
    bits.skip(8); // latmBufferFullness
    return undefined;
  }
  if (type !== 1) throw unread('frames of CELP or HVXC');
  return 8 * (bits.bits(9) + FRAME_LENGTH_OFFSET_BYTES);
}

function readOtherDataBits(bits: BitReader, second: boolean): number {
  let length = 0;
  if (second) length = readLatmValue(bits);
  else
    for (let more = true; more;) {
      more = bits.flag();
      length = length * 256 + bits.bits(8);
      if (length > MAX_OTHER_DATA_BITS) throw unread('more other data than a packet holds');
    }
  return length;
}

/** LatmGetValue() (ISO/IEC 14496-3 table 1.43). */
function readLatmValue(bits: BitReader): number {
  const bytes = bits.bits(2) + 1;
  return bits.bits(8 * bytes);
}

function unread(what: string): NightjarError {
  return new NightjarError('protocol', 'rtp/latm', `LATM with ${what} is not read`);
}
