import type { CodecConfig } from '../format.js';
import { AAC_SAMPLE_RATES_HZ } from '../parameter-sets/audio-specific-config.js';
import { aacConfig } from '../parameter-sets/codec-config.js';

const HEADER_BYTES = 7;
const CRC_BYTES = 2;

/** True if an ADTS frame header starts here. No raw AAC frame does: the syncword would be its END element. */
export function isAdts(buf: Uint8Array, start: number, end: number): boolean {
  return (
    end - start >= HEADER_BYTES && buf[start] === 0xff && ((buf[start + 1] ?? 0) & 0xf6) === 0xf0
  );
}

/** Bytes before the raw frame (ISO/IEC 14496-3 s.1.A.2.2). */
export function adtsHeaderBytes(buf: Uint8Array, start: number): number {
  return ((buf[start + 1] ?? 0) & 1) === 1 ? HEADER_BYTES : HEADER_BYTES + CRC_BYTES;
}

/** Bytes of the frame, header included, as the header claims. */
export function adtsFrameBytes(buf: Uint8Array, start: number): number {
  const [b3 = 0, b4 = 0, b5 = 0] = [buf[start + 3], buf[start + 4], buf[start + 5]];
  return ((b3 & 3) << 11) | (b4 << 3) | (b5 >> 5);
}

/** The configuration an ADTS header describes; undefined for a reserved sampling rate. */
export function adtsConfig(
  buf: Uint8Array,
  start: number,
  fallbackChannels: number,
): CodecConfig | undefined {
  const [b2 = 0, b3 = 0] = [buf[start + 2], buf[start + 3]];
  const objectType = (b2 >> 6) + 1;
  const rateIndex = (b2 >> 2) & 0x0f;
  const channelConfiguration = ((b2 & 1) << 2) | (b3 >> 6);
  if (rateIndex >= AAC_SAMPLE_RATES_HZ.length) return undefined;
  const asc = (objectType << 11) | (rateIndex << 7) | (channelConfiguration << 3);
  return aacConfig(Uint8Array.of(asc >> 8, asc & 0xff), fallbackChannels);
}
