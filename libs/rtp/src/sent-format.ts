import type { CodecConfig, TrackFormat } from './format.js';
import { XIPH_IDENT } from './packetize/xiph.js';
import { formatOf } from './sdp-format.js';
import type { FileCodecConfig, SentConfig, XiphHeaders } from './sent-config.js';

const VIDEO_CLOCK_RATE_HZ = 90_000;
/** Static payload types (RFC 3551 s.6). */
const PCMU = 0;
const PCMA = 8;
const MPA = 14;
const MPV = 32;
const MP2T = 33;

/** The SDP description of whatever is sent: rtpmap and fmtp of its payload format. @param payloadType for codecs that have none of their own */
export function sentFormatOf(config: SentConfig, payloadType: number): TrackFormat {
  if (config.codec === 'pcmu' || config.codec === 'pcma') {
    const usual = config.sampleRateHz === 8000 && config.channels === 1;
    return formatOf(config, usual ? (config.codec === 'pcmu' ? PCMU : PCMA) : payloadType);
  }
  return isRecorded(config) ? formatOf(config, payloadType) : fileFormatOf(config, payloadType);
}

const RECORDED: ReadonlySet<string> = new Set<CodecConfig['codec']>([
  'h264',
  'h265',
  'aac',
  'opus',
]);

function isRecorded(config: SentConfig): config is CodecConfig {
  return RECORDED.has(config.codec);
}

function fileFormatOf(config: FileCodecConfig, payloadType: number): TrackFormat {
  switch (config.codec) {
    case 'vp8':
      return video('VP8', payloadType);
    case 'vp9':
      return video('VP9', payloadType);
    case 'av1':
      return video('AV1', payloadType);
    case 'mpeg-video':
      return video('MPV', MPV);
    case 'mpeg4-visual':
      return video('MP4V-ES', payloadType, {
        'profile-level-id': String(profileOf(config.headers)),
        config: Buffer.from(config.headers).toString('hex').toUpperCase(),
      });
    case 'mpeg-audio':
      return audio('MPA', MPA, VIDEO_CLOCK_RATE_HZ, 1);
    case 'ac3':
      return audio('ac3', payloadType, config.sampleRateHz, config.channels);
    case 'amr-nb':
      return audio('AMR', payloadType, 8000, 1, { 'octet-align': '1' });
    case 'amr-wb':
      return audio('AMR-WB', payloadType, 16_000, 1, { 'octet-align': '1' });
    case 'pcm':
      return audio(`L${config.bits}`, payloadType, config.sampleRateHz, config.channels);
    case 'vorbis':
      return audio('vorbis', payloadType, config.sampleRateHz, config.channels, {
        configuration: packedHeaders(config.headers),
      });
    case 'theora':
      return video('theora', payloadType, {
        width: String(config.widthPx),
        height: String(config.heightPx),
        configuration: packedHeaders(config.headers),
      });
    case 'mp2t':
      break;
  }
  return video('MP2T', MP2T);
}

/** Simple profile, level 1: what a decoder assumes of a stream that does not say (RFC 6416 s.7.1). */
const SIMPLE_PROFILE = 1;
const VISUAL_OBJECT_SEQUENCE = Buffer.from([0, 0, 1, 0xb0]);

/** `profile_and_level_indication`, ISO/IEC 14496-2 s.6.2.2. */
function profileOf(headers: Uint8Array): number {
  const at = Buffer.from(headers).indexOf(VISUAL_OBJECT_SEQUENCE);
  return (at < 0 ? undefined : headers[at + VISUAL_OBJECT_SEQUENCE.length]) ?? SIMPLE_PROFILE;
}

/** One packed configuration (RFC 5215 s.3.2.1): count, ident, length, number of headers, their sizes, the headers. */
function packedHeaders(headers: XiphHeaders): string {
  const [identification, comment, setup] = headers;
  const body = Buffer.concat(headers);
  // The size of the last header follows from the length of all.
  const sizes = Buffer.from([2, ...laced(identification.length), ...laced(comment.length)]);
  const start = Buffer.alloc(9);
  start.writeUInt32BE(1, 0);
  start.writeUIntBE(XIPH_IDENT, 4, 3);
  start.writeUInt16BE((identification.length + comment.length + setup.length) & 0xffff, 7);
  return Buffer.concat([start, sizes, body]).toString('base64');
}

/** Seven bits a byte, most significant first, the last without its top bit (RFC 5215 s.3.2.1, variable length). */
function laced(size: number): number[] {
  const bytes = [size & 0x7f];
  for (let rest = size >> 7; rest > 0; rest >>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}

function video(
  encodingName: string,
  payloadType: number,
  fmtp: TrackFormat['fmtp'] = {},
): TrackFormat {
  return {
    kind: 'video',
    codec: 'other',
    payloadType,
    clockRateHz: VIDEO_CLOCK_RATE_HZ,
    channels: 0,
    encodingName,
    fmtp,
  };
}

function audio(
  encodingName: string,
  payloadType: number,
  clockRateHz: number,
  channels: number,
  fmtp: TrackFormat['fmtp'] = {},
): TrackFormat {
  return { kind: 'audio', codec: 'other', payloadType, clockRateHz, channels, encodingName, fmtp };
}
