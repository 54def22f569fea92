import type { CodecConfig } from '../format.js';
import { parseAudioSpecificConfig } from './audio-specific-config.js';
import { parseH264Sps } from './h264-sps.js';
import { parseH265Sps } from './h265-sps.js';

/** Keeps the arrays. @throws NightjarError `protocol`: unreadable SPS */
export function h264Config(sps: Uint8Array, pps: Uint8Array): CodecConfig {
  const { widthPx, heightPx } = parseH264Sps(sps);
  return { codec: 'h264', sps, pps, widthPx, heightPx };
}

/** Keeps the arrays. @throws NightjarError `protocol`: unreadable SPS */
export function h265Config(vps: Uint8Array, sps: Uint8Array, pps: Uint8Array): CodecConfig {
  const { widthPx, heightPx } = parseH265Sps(sps);
  return { codec: 'h265', vps, sps, pps, widthPx, heightPx };
}

/**
 * Keeps the array.
 *
 * @param fallbackChannels used when only the stream itself says the channels
 * @throws NightjarError `protocol`: unreadable bytes
 */
export function aacConfig(audioSpecificConfig: Uint8Array, fallbackChannels: number): CodecConfig {
  const { sampleRateHz, channels } = parseAudioSpecificConfig(audioSpecificConfig);
  return {
    codec: 'aac',
    audioSpecificConfig,
    sampleRateHz,
    channels: channels || fallbackChannels,
  };
}
