import { NightjarError } from '@nightjar/common';
import { splitAnnexB } from './annex-b.js';
import { isLatm, type CodecConfig, type TrackFormat } from './format.js';
import { H264, H265 } from './nal-types.js';
import { BitReader } from './parameter-sets/bit-reader.js';
import { aacConfig, h264Config, h265Config } from './parameter-sets/codec-config.js';
import { readStreamMuxConfig, type StreamMuxConfig } from './parameter-sets/stream-mux-config.js';
import { parseH264Sps } from './parameter-sets/h264-sps.js';
import type { SentConfig } from './sent-config.js';

const VIDEO_CLOCK_RATE_HZ = 90_000;
/** Holds the 13 bits behind the AudioSpecificConfig. */
const LEFT_OUT_BYTES = 2;

/** The SDP description of a codec configuration: rtpmap and fmtp with parameter sets (RFC 6184, 7798, 3640, 7587). */
export function formatOf(config: CodecConfig, payloadType: number): TrackFormat {
  switch (config.codec) {
    case 'h264':
      return video('h264', payloadType, 'H264', {
        'packetization-mode': '1',
        'profile-level-id': parseH264Sps(config.sps).profileLevelId,
        'sprop-parameter-sets': `${base64(config.sps)},${base64(config.pps)}`,
      });
    case 'h265':
      return video('h265', payloadType, 'H265', {
        'sprop-vps': base64(config.vps),
        'sprop-sps': base64(config.sps),
        'sprop-pps': base64(config.pps),
      });
    case 'aac':
      return audio('aac', payloadType, 'mpeg4-generic', config.sampleRateHz, config.channels, {
        streamtype: '5',
        'profile-level-id': '1',
        mode: 'AAC-hbr',
        sizelength: '13',
        indexlength: '3',
        indexdeltalength: '3',
        config: Buffer.from(config.audioSpecificConfig).toString('hex'),
      });
    case 'pcmu':
    case 'pcma':
      return audio(
        config.codec,
        payloadType,
        config.codec.toUpperCase(),
        config.sampleRateHz,
        config.channels,
        {},
      );
    case 'opus':
      break;
  }
  // RFC 7587 s.7: the rtpmap always says two channels, what is really sent goes into sprop-stereo.
  return audio('opus', payloadType, 'opus', config.sampleRateHz, 2, {
    'sprop-stereo': config.channels === 1 ? '0' : '1',
  });
}

/** What SDP alone says of the codec; undefined if it says too little or nonsense: then wait for the stream. */
export function configOf(format: TrackFormat): CodecConfig | undefined {
  switch (format.codec) {
    case 'h264':
    case 'h265':
    case 'aac':
      return tolerant(() => configOfParameters(format));
    case 'pcmu':
    case 'pcma':
      return {
        codec: format.codec,
        sampleRateHz: format.clockRateHz,
        channels: Math.max(1, format.channels),
      };
    case 'opus':
      return {
        codec: 'opus',
        sampleRateHz: 48_000,
        channels: format.fmtp['sprop-stereo'] === '0' ? 1 : 2,
      };
    case 'other':
      break;
  }
  return undefined;
}

/** What the SDP says of the multiplex of LATM; undefined if it says nothing, or something that is not read. */
export function muxConfigOf({ fmtp }: TrackFormat): StreamMuxConfig | undefined {
  const said = bytesOfHex(fmtp['config']);
  if (said === undefined) return undefined;
  // field: GStreamer ends with the AudioSpecificConfig, as if what follows were zeros.
  const bytes = Buffer.concat([said, Buffer.alloc(LEFT_OUT_BYTES)]);
  return tolerant(() => readStreamMuxConfig(new BitReader(bytes), bytes));
}

/** True when a decoder set up for one can go on with the other. */
export function sameConfig(a: SentConfig, b: SentConfig): boolean {
  const left: Readonly<Record<string, unknown>> = { ...a };
  const right: Readonly<Record<string, unknown>> = { ...b };
  return Object.keys(left).every((key) => {
    const [x, y] = [left[key], right[key]];
    return x instanceof Uint8Array && y instanceof Uint8Array
      ? Buffer.compare(x, y) === 0
      : x === y;
  });
}

function configOfParameters(format: TrackFormat): CodecConfig | undefined {
  const { fmtp } = format;
  if (format.codec === 'h264') {
    const nals = nalsOfBase64(fmtp['sprop-parameter-sets']);
    const sps = nals.find((nal) => ((nal[0] ?? 0) & 0x1f) === H264.sps);
    const pps = nals.find((nal) => ((nal[0] ?? 0) & 0x1f) === H264.pps);
    return sps && pps && h264Config(sps, pps);
  }
  if (format.codec === 'h265') {
    const nals = ['sprop-vps', 'sprop-sps', 'sprop-pps'].flatMap((key) => nalsOfBase64(fmtp[key]));
    const find = (type: number) => nals.find((nal) => (((nal[0] ?? 0) >> 1) & 0x3f) === type);
    const [vps, sps, pps] = [find(H265.vps), find(H265.sps), find(H265.pps)];
    return vps && sps && pps && h265Config(vps, sps, pps);
  }
  const config = isLatm(format)
    ? muxConfigOf(format)?.audioSpecificConfig
    : bytesOfHex(fmtp['config']);
  return config === undefined ? undefined : aacConfig(config, format.channels);
}

function bytesOfHex(text = ''): Uint8Array | undefined {
  const hex = /^([0-9a-f]{2})+/i.exec(text)?.[0];
  return hex === undefined ? undefined : new Uint8Array(Buffer.from(hex, 'hex'));
}

/** Sets are split by comma; field: Foscam puts an Annex B start code before or zeros behind them. */
function nalsOfBase64(value: string | undefined): Uint8Array[] {
  return (value ?? '')
    .split(',')
    .flatMap((text) => splitAnnexB(new Uint8Array(Buffer.from(text.trim(), 'base64'))))
    .map((nal) => nal.slice());
}

function tolerant<Config>(read: () => Config | undefined): Config | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof NightjarError) return undefined;
    throw error;
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function video(
  codec: 'h264' | 'h265',
  payloadType: number,
  encodingName: string,
  fmtp: Readonly<Record<string, string>>,
): TrackFormat {
  return {
    kind: 'video',
    codec,
    payloadType,
    clockRateHz: VIDEO_CLOCK_RATE_HZ,
    channels: 0,
    encodingName,
    fmtp,
  };
}

function audio(
  codec: 'aac' | 'pcmu' | 'pcma' | 'opus',
  payloadType: number,
  encodingName: string,
  clockRateHz: number,
  channels: number,
  fmtp: Readonly<Record<string, string>>,
): TrackFormat {
  return { kind: 'audio', codec, payloadType, clockRateHz, channels, encodingName, fmtp };
}
