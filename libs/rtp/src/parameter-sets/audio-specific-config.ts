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
  const bits = new BitReader(bytes);
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
