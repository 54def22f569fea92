export type MediaKind = 'video' | 'audio' | 'application';

/** Codecs Nightjar understands; everything else is `other`: relayed untouched, not recorded. */
export type Codec = 'h264' | 'h265' | 'aac' | 'pcmu' | 'pcma' | 'opus' | 'other';

/** What one SDP media section says of its RTP payload (RFC 8866 s.6.6, s.6.15). Immutable. */
export interface TrackFormat {
  readonly kind: MediaKind;
  readonly codec: Codec;
  /** RTP payload type, 0-127. */
  readonly payloadType: number;
  readonly clockRateHz: number;
  /** Audio channels; 1 when unknown; 0 for non-audio. */
  readonly channels: number;
  /** Name in the rtpmap, as spelled there (`H264`), or the static assignment of RFC 3551. */
  readonly encodingName: string;
  /** fmtp parameters, keys in lower case, values as given. */
  readonly fmtp: Readonly<Record<string, string>>;
}

/** Whether the AAC of a track is multiplexed as LATM (RFC 6416), and not in plain access units (RFC 3640). */
export function isLatm({ encodingName }: TrackFormat): boolean {
  return encodingName.toUpperCase() === 'MP4A-LATM';
}

/** What a decoder must know before the first access unit. Byte arrays are owned copies, never views. */
export type CodecConfig =
  | {
      readonly codec: 'h264';
      /** NAL units without start code or length. */
      readonly sps: Uint8Array;
      readonly pps: Uint8Array;
      readonly widthPx: number;
      readonly heightPx: number;
    }
  | {
      readonly codec: 'h265';
      readonly vps: Uint8Array;
      readonly sps: Uint8Array;
      readonly pps: Uint8Array;
      readonly widthPx: number;
      readonly heightPx: number;
    }
  | {
      readonly codec: 'aac';
      /** AudioSpecificConfig, ISO/IEC 14496-3 s.1.6.2.1. */
      readonly audioSpecificConfig: Uint8Array;
      readonly sampleRateHz: number;
      readonly channels: number;
    }
  | { readonly codec: 'pcmu' | 'pcma'; readonly sampleRateHz: number; readonly channels: number }
  | { readonly codec: 'opus'; readonly sampleRateHz: 48000; readonly channels: number };

/** All media of one instant of one track. */
export interface AccessUnit {
  /**
   * Video: NAL units, each behind a 4-byte big-endian length (ISO/IEC 14496-15), without VPS/SPS/PPS and AUD.
   * Audio: one raw frame (AAC), or the bytes of one RTP payload (G.711, Opus). Whoever hands the access unit on says how long the bytes are good.
   */
  readonly data: Uint8Array;
  /** Presentation time, unwrapped RTP ticks: a safe integer in 1/clockRateHz s. */
  readonly ticks: number;
  /** Decodable alone. True for every audio unit. */
  readonly keyframe: boolean;
  /** Packets of this unit were lost or may have been, or it needs units that were lost. */
  readonly damaged: boolean;
  /** A keyframe that is whole, though packets between it and the unit before were lost. */
  readonly afterLoss?: true;
}
