import type { SentConfig } from '../sent-config.js';
import { AacPacketizer } from './aac.js';
import { Ac3Packetizer, AmrPacketizer } from './ac3-amr.js';
import { Av1Packetizer } from './av1.js';
import { G711Packetizer, OpusPacketizer } from './g711-opus.js';
import { MpegAudioPacketizer, Mpeg4VisualPacketizer, TransportStreamPacketizer } from './mpeg.js';
import { MpegVideoPacketizer } from './mpeg-video.js';
import { h264Carriage, h265Carriage } from './nal-carriage.js';
import type { Packetizer, PacketizerOptions } from './packetizer.js';
import { PcmPacketizer } from './pcm.js';
import { VideoPacketizer } from './video.js';
import { Vp8Packetizer, Vp9Packetizer } from './vpx.js';
import { XiphPacketizer } from './xiph.js';

/** A packetizer for the codec. @throws NightjarError `invalid` when the payload limit is below 64 bytes */
export function createPacketizer(config: SentConfig, options: PacketizerOptions): Packetizer {
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
      return new OpusPacketizer(options);
    case 'vp8':
      return new Vp8Packetizer(options);
    case 'vp9':
      return new Vp9Packetizer(config, options);
    case 'av1':
      return new Av1Packetizer(options);
    case 'mpeg-video':
      return new MpegVideoPacketizer(options);
    case 'mpeg4-visual':
      return new Mpeg4VisualPacketizer(options);
    case 'mpeg-audio':
      return new MpegAudioPacketizer(options);
    case 'ac3':
      return new Ac3Packetizer(options);
    case 'amr-nb':
    case 'amr-wb':
      return new AmrPacketizer(options);
    case 'pcm':
      return new PcmPacketizer((config.bits / 8) * config.channels, options);
    case 'vorbis':
    case 'theora':
      return new XiphPacketizer(config.codec === 'theora', options);
    case 'mp2t':
      break;
  }
  return new TransportStreamPacketizer(options);
}
