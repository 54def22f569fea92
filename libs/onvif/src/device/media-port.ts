import type { Call } from './operation.js';

export interface VideoSource {
  readonly token: string;
  readonly widthPixels: number;
  readonly heightPixels: number;
  readonly framesPerSecond: number;
}

/** Names of Media2, those of RTP payloads. ONVIF Media2 s.5.2.3. */
export type VideoCodecName = 'H264' | 'H265' | 'JPEG' | 'MPV4-ES';
export type AudioCodecName = 'PCMU' | 'PCMA' | 'G726' | 'MP4A-LATM' | 'OPUS';

export interface VideoEncoding {
  readonly codec: VideoCodecName;
  readonly widthPixels: number;
  readonly heightPixels: number;
  readonly framesPerSecond: number;
  /** Frames from one keyframe to the next. */
  readonly gopFrames: number;
  readonly kilobitsPerSecond: number;
}

export interface AudioEncoding {
  readonly codec: AudioCodecName;
  readonly sampleRateHz: number;
  readonly kilobitsPerSecond: number;
  readonly channels: number;
}

/** A stream of the device. Profiles are fixed: clients cannot put them together. */
export interface MediaProfile {
  readonly token: string;
  readonly name: string;
  readonly source: VideoSource;
  /** Undefined while it is not known what the stream holds. */
  readonly video?: VideoEncoding;
  readonly audio?: AudioEncoding;
  /** Node that moves the source. */
  readonly ptzNode?: string;
}

/** How a stream is carried. ONVIF Media2 s.5.3.1. */
export const STREAM_PROTOCOLS = [
  'RtspUnicast',
  'RtspMulticast',
  'RTSP',
  'RtspOverHttp',
  'RtspsUnicast',
  'RtspsMulticast',
  'RTSPS',
  'RtspsOverHttp',
] as const;
export type StreamProtocol = (typeof STREAM_PROTOCOLS)[number];

/** What an encoder can be set to. */
export interface EncoderOptions {
  readonly resolutions: readonly { readonly width: number; readonly height: number }[];
  readonly gopFrames: readonly [min: number, max: number];
  readonly framesPerSecond: readonly number[];
  readonly kilobitsPerSecond: readonly [min: number, max: number];
}

/** The streams of a device, as each caller may see them. */
export interface MediaPort<C> {
  profiles(caller: C): Promise<readonly MediaProfile[]> | readonly MediaProfile[];
  /**
   * At most 128 octets, the same for ever, without credentials.
   * @throws SoapFault for a protocol that is not served
   */
  streamUri(profile: MediaProfile, protocol: StreamProtocol, call: Call<C>): string;
  /** Undefined: no snapshots. */
  snapshotUri(profile: MediaProfile, call: Call<C>): string | undefined;
  readonly streaming: { readonly multicast: boolean; readonly secure: boolean };
  /** Sends a keyframe soon. */
  synchronize?(profile: MediaProfile, caller: C): void;
  /** Undefined: encoders stay as they are. */
  readonly encoders?: {
    options(profile: MediaProfile): EncoderOptions;
    /** @throws SoapFault for what the encoder cannot do */
    set(profile: MediaProfile, encoding: VideoEncoding): void;
  };
}
