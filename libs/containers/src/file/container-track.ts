import type { SentConfig } from '@nightjar/rtp';
import { aacConfig } from '@nightjar/rtp';
import { InputAudioTrack, InputVideoTrack, type InputTrack } from 'mediabunny';
import {
  readAvcRecord,
  readHevcRecord,
  readXiphHeaders,
  withLongLengths,
  type NalRecord,
} from './codec-records.js';
import { SAMPLE_LAYOUTS, convertSamples } from './samples.js';

/** How a track of a container is sent. */
export interface ContainerTrack {
  readonly config: SentConfig;
  /** A packet of the container as packetizers take it. @throws NightjarError `protocol` */
  readonly unitOf: (data: Uint8Array) => Uint8Array;
  /** Of sound that may be split between any two samples. */
  readonly samples: { readonly bytes: number; readonly rateHz: number } | undefined;
}

/** Undefined when there is no way to send it. @throws NightjarError `protocol` when its configuration is broken */
export async function describeTrack(track: InputTrack): Promise<ContainerTrack | undefined> {
  if (track instanceof InputVideoTrack) return await describeVideo(track);
  return track instanceof InputAudioTrack ? await describeAudio(track) : undefined;
}

async function describeVideo(track: InputVideoTrack): Promise<ContainerTrack | undefined> {
  const codec = await track.getCodec();
  const decoder = await track.getDecoderConfig();
  if (codec === null || decoder === null) return undefined;
  const { description, codedWidth: widthPx = 0, codedHeight: heightPx = 0 } = decoder;
  switch (codec) {
    case 'avc':
      return description === undefined ? undefined : nalTrack(readAvcRecord(bytesOf(description)));
    case 'hevc':
      return description === undefined ? undefined : nalTrack(readHevcRecord(bytesOf(description)));
    case 'vp8':
    case 'av1':
      return asItIs({ codec });
    case 'vp9':
      return asItIs({ codec, widthPx, heightPx });
    case 'prores':
      break;
  }
  return undefined;
}

async function describeAudio(track: InputAudioTrack): Promise<ContainerTrack | undefined> {
  const codec = await track.getCodec();
  const decoder = await track.getDecoderConfig();
  if (codec === null || decoder === null) return undefined;
  const { description, sampleRate: sampleRateHz, numberOfChannels: channels } = decoder;
  switch (codec) {
    case 'aac':
      return description === undefined
        ? undefined
        : asItIs(aacConfig(bytesOf(description), channels));
    case 'opus':
      return asItIs({ codec, sampleRateHz: 48_000, channels });
    case 'mp3':
      return asItIs({ codec: 'mpeg-audio' });
    case 'ac3':
      return asItIs({ codec, sampleRateHz, channels });
    case 'vorbis':
      return description === undefined
        ? undefined
        : asItIs({ codec, headers: readXiphHeaders(bytesOf(description)), sampleRateHz, channels });
    case 'ulaw':
    case 'alaw':
      return {
        ...asItIs({ codec: codec === 'ulaw' ? 'pcmu' : 'pcma', sampleRateHz, channels }),
        samples: { bytes: channels, rateHz: sampleRateHz },
      };
    case 'flac':
    case 'eac3':
    case 'dts':
      return undefined;
    case 'pcm-u8':
    case 'pcm-s8':
    case 'pcm-s16':
    case 'pcm-s16be':
    case 'pcm-s24':
    case 'pcm-s24be':
    case 'pcm-s32':
    case 'pcm-s32be':
    case 'pcm-f32':
    case 'pcm-f32be':
    case 'pcm-f64':
    case 'pcm-f64be':
      break;
  }
  const layout = SAMPLE_LAYOUTS[codec];
  return {
    config: { codec: 'pcm', bits: layout.bits, sampleRateHz, channels },
    unitOf: (data) => convertSamples(data, layout),
    samples: { bytes: (layout.bits / 8) * channels, rateHz: sampleRateHz },
  };
}

function nalTrack({ config, lengthBytes }: NalRecord): ContainerTrack {
  return { config, unitOf: (data) => withLongLengths(data, lengthBytes), samples: undefined };
}

function asItIs(config: SentConfig): ContainerTrack {
  return { config, unitOf: (data) => data, samples: undefined };
}

/** A copy. */
function bytesOf(source: ArrayBufferLike | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice()
    : new Uint8Array(source).slice();
}
