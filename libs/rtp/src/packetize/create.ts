import type { CodecConfig } from '../format.js';
import { AacPacketizer } from './aac.js';
import { G711Packetizer, OpusPacketizer } from './g711-opus.js';
import { h264Carriage, h265Carriage } from './nal-carriage.js';
import type { Packetizer, PacketizerOptions } from './packetizer.js';
import { VideoPacketizer } from './video.js';

/** A packetizer for the codec. @throws NightjarError `invalid` when the payload limit is below 64 bytes */
export function createPacketizer(config: CodecConfig, options: PacketizerOptions): Packetizer {
  switch (config.codec) {
    case 'h264':
      return new VideoPacketizer(h264Carriage, [config.sps, config.pps], options);
    case 'h265':
      return new VideoPacketizer(h265Carriage, [config.vps, config.sps, config.pps], options);
    case 'aac':
      return new AacPacketizer(options);
    case 'pcmu':
    case 'pcma':
      return new G711Packetizer(config.sampleRateHz, config.channels, options);
    case 'opus':
      break;
  }
  return new OpusPacketizer(options);
}
