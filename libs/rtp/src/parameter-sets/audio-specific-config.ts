import { NightjarError } from '@nightjar/common';
import { BitReader } from './bit-reader.js';

/** ISO/IEC 14496-3 s.1.6.3.4, samplingFrequencyIndex. */
export const AAC_SAMPLE_RATES_HZ = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000,
  7350,
] as const;
/** ISO/IEC 14496-3 s.1.6.3.5, channelConfiguration. */
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 0, 8, 0] as const;
const ESCAPED_RATE = 15;
const ESCAPED_OBJECT_TYPE = 31;
const SBR = 5;
const PARAMETRIC_STEREO = 29;
const CORE_CODER_DELAY_BITS = 14;
/** ISO/IEC 14496-3 table 1.15. */
const SYNC_EXTENSION = 0x2b7;
const SYNC_EXTENSION_OF_STEREO = 0x548;
/** Object types with the flags of error resilience in their extension. */
const RESILIENT = new Set([17, 19, 20, 23]);
/** Object types whose GASpecificConfig begins with frameLengthFlag (ISO/IEC 14496-3 table 1.17). */
const GENERAL_AUDIO = new Set([1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23]);

export interface AudioSpecificConfig {
  /** Audio object type of the core: 2 is AAC-LC. */
  readonly objectType: number;
  /** Sampling rate of the core, before spectral band replication. */
  readonly sampleRateHz: number;
  /** 0 when a program config element inside the stream says it. */
  readonly channels: number;
  /** Samples per channel of one access unit of the core: 1024 or 960. */
  readonly frameSamples: number;
}

/**
 * Reads the start of an AudioSpecificConfig (ISO/IEC 14496-3 s.1.6.2.1); extension bytes behind are allowed.
 *
 * @throws NightjarError `protocol`: cut off, or a sampling rate that does not exist
 */
export function parseAudioSpecificConfig(bytes: Uint8Array): AudioSpecificConfig {
  return readStart(new BitReader(bytes));
}

/**
 * Passes over an AudioSpecificConfig that has no length of its own, as in LATM (ISO/IEC 14496-3 s.1.6.2.1 and 4.4.1).
 *
 * @throws NightjarError `protocol`: as {@link parseAudioSpecificConfig}, or not of general audio: its length is not known then
 */
export function skipAudioSpecificConfig(bits: BitReader): void {
  const begin = bits.position;
  const { objectType, channels } = readStart(bits);
  if (!GENERAL_AUDIO.has(objectType))
    throw new NightjarError('protocol', 'rtp/asc-type', 'not an AAC object type', { objectType });
  if (bits.flag()) bits.skip(CORE_CODER_DELAY_BITS);
  const extended = bits.flag();
  if (channels === 0) skipProgramConfig(bits, begin);
  if (objectType === 6 || objectType === 20) bits.skip(3);
  if (extended) {
    if (objectType === 22) bits.skip(16);
    if (RESILIENT.has(objectType)) bits.skip(3);
    bits.skip(1);
  }
  if (objectType >= 17 && bits.bits(2) >= 2)
    throw new NightjarError('protocol', 'rtp/asc-ep', 'error protection is not read');
  skipSyncExtension(bits);
}

/**
 * What says of the core whether its band is replicated. field: GStreamer has it also where there is no length (s.1.6.5.2 has it
 * with one only); no frame length of LATM looks like it.
 */
function skipSyncExtension(bits: BitReader): void {
  if (bits.bitsLeft < 16 || bits.peek(11) !== SYNC_EXTENSION) return;
  bits.skip(11);
  if (bits.bits(5) !== SBR || !bits.flag()) return;
  readSampleRate(bits);
  if (bits.bitsLeft >= 12 && bits.peek(11) === SYNC_EXTENSION_OF_STEREO) bits.skip(12);
}

/** program_config_element() (ISO/IEC 14496-3 table 4.2); its padding counts from the begin of the whole. */
function skipProgramConfig(bits: BitReader, begin: number): void {
  bits.skip(4 + 2 + 4);
  const [front, side, back] = [bits.bits(4), bits.bits(4), bits.bits(4)];
  const [lfe, data, coupling] = [bits.bits(2), bits.bits(3), bits.bits(4)];
  if (bits.flag()) bits.skip(4);
  if (bits.flag()) bits.skip(4);
  if (bits.flag()) bits.skip(3);
  bits.skip(5 * (front + side + back + coupling) + 4 * (lfe + data));
  bits.skip((8 - ((bits.position - begin) % 8)) % 8);
  bits.skip(8 * bits.bits(8));
}

/** Up to the frameLengthFlag, which comes with the types of general audio. */
function readStart(bits: BitReader): AudioSpecificConfig {
  let objectType = readObjectType(bits);
  const sampleRateHz = readSampleRate(bits);
  const channels = CHANNELS[bits.bits(4)] ?? 0;
  if (objectType === SBR || objectType === PARAMETRIC_STEREO) {
    readSampleRate(bits); // of the extension
    objectType = readObjectType(bits);
  }
  const short = GENERAL_AUDIO.has(objectType) && bits.bitsLeft > 0 && bits.flag();
  return { objectType, sampleRateHz, channels, frameSamples: short ? 960 : 1024 };
}

function readObjectType(bits: BitReader): number {
  const type = bits.bits(5);
  return type === ESCAPED_OBJECT_TYPE ? 32 + bits.bits(6) : type;
}

function readSampleRate(bits: BitReader): number {
  const index = bits.bits(4);
  const rate = index === ESCAPED_RATE ? bits.bits(24) : (AAC_SAMPLE_RATES_HZ[index] ?? 0);
  if (rate === 0) {
    throw new NightjarError('protocol', 'rtp/asc-rate', 'AAC sampling rate is reserved', { index });
  }
  return rate;
}
