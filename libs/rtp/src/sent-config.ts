import type { CodecConfig } from './format.js';

/** Vorbis and Theora describe themselves in three packets: identification, comment, setup. Owned copies. */
export type XiphHeaders = readonly [Uint8Array, Uint8Array, Uint8Array];

/** Codecs that are sent from files: they are neither depacketized nor recorded. Byte arrays are owned copies. */
export type FileCodecConfig =
  | { readonly codec: 'vp8' | 'av1' }
  | { readonly codec: 'vp9'; readonly widthPx: number; readonly heightPx: number }
  /** MPEG-1 and MPEG-2 video, ISO/IEC 11172-2 and 13818-2. */
  | { readonly codec: 'mpeg-video' }
  | {
      readonly codec: 'mpeg4-visual';
      /** All that comes before the first VOP or group of VOPs, ISO/IEC 14496-2 s.6.2. */
      readonly headers: Uint8Array;
    }
  /** MPEG-1 and MPEG-2 audio of all layers. */
  | { readonly codec: 'mpeg-audio' }
  | { readonly codec: 'ac3'; readonly sampleRateHz: number; readonly channels: number }
  | { readonly codec: 'amr-nb' | 'amr-wb' }
  | {
      readonly codec: 'pcm';
      readonly bits: 16 | 24;
      readonly sampleRateHz: number;
      readonly channels: number;
    }
  | {
      readonly codec: 'vorbis';
      readonly headers: XiphHeaders;
      readonly sampleRateHz: number;
      readonly channels: number;
    }
  | {
      readonly codec: 'theora';
      readonly headers: XiphHeaders;
      readonly widthPx: number;
      readonly heightPx: number;
    }
  /** A whole MPEG transport stream. */
  | { readonly codec: 'mp2t' };

/** All that can be sent. */
export type SentConfig = CodecConfig | FileCodecConfig;
