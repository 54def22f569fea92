import { NightjarError } from '@nightjar/common';

const HEADER_BYTES = 7;
const HEADER_AND_CRC_BYTES = 9;
const SAMPLE_RATES_HZ = [
  96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
];

/** Raw AAC frames of an ADTS stream and what their headers say of them. The frames are views into the input. */
export interface AdtsStream {
  /** AudioSpecificConfig, ISO/IEC 14496-3 s.1.6.2.1. */
  readonly audioSpecificConfig: Uint8Array;
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly frames: readonly Uint8Array[];
}

/** Reads an ADTS stream with one raw data block per frame (ISO/IEC 14496-3 s.1.A.3). Throws NightjarError `invalid`. */
export function parseAdts(bytes: Uint8Array): AdtsStream {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const [b0 = 0, b1 = 0, , b3 = 0, b4 = 0, b5 = 0] = bytes.subarray(at, at + HEADER_BYTES);
    const headerBytes = (b1 & 1) === 1 ? HEADER_BYTES : HEADER_AND_CRC_BYTES;
    const frameBytes = ((b3 & 3) << 11) | (b4 << 3) | (b5 >> 5);
    const end = at + frameBytes;
    if (b0 !== 0xff || (b1 & 0xf6) !== 0xf0 || frameBytes <= headerBytes || end > bytes.length) {
      throw new NightjarError('invalid', 'camsim/adts', 'Not an ADTS frame', { byteOffset: at });
    }
    frames.push(bytes.subarray(at + headerBytes, end));
    at = end;
  }
  const [, , b2 = 0, b3 = 0] = bytes;
  const objectType = (b2 >> 6) + 1;
  const rateIndex = (b2 >> 2) & 15;
  const channels = ((b2 & 1) << 2) | (b3 >> 6);
  const sampleRateHz = SAMPLE_RATES_HZ[rateIndex];
  if (frames.length === 0 || sampleRateHz === undefined || channels === 0) {
    throw new NightjarError('invalid', 'camsim/adts', 'ADTS stream of no use');
  }
  const config = (objectType << 11) | (rateIndex << 7) | (channels << 3);
  return {
    audioSpecificConfig: Uint8Array.of(config >> 8, config & 0xff),
    sampleRateHz,
    channels,
    frames,
  };
}
