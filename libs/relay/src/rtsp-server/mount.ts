import type { Action, FootageSpan, Principal } from '@nightjar/access';
import type {
  Frames,
  MediaProperties,
  Range,
  RateControl,
  SdpTrack,
  SeekStyle,
  SpeedRange,
  TransportOffer,
} from '@nightjar/rtsp';
import type { PacketBatch } from '../hub/packet-batch.js';

/** How packets travel to a reader: inside its RTSP connection, in datagrams to it alone, or to a group for all. */
export type ReaderTransport = (typeof READER_TRANSPORTS)[number];
export const READER_TRANSPORTS = ['tcp', 'udp', 'multicast'] as const;

/** Finds what a URL names. The RTSP server knows nothing of cameras or recordings beyond this. */
export interface MountResolver {
  /**
   * @param path decoded path without leading or trailing slash
   * @throws NightjarError 'not-found', 'forbidden', 'unauthenticated' (answered with a challenge) or 'invalid'
   */
  resolve(path: string, query: URLSearchParams, principal: Principal | undefined): Promise<Mount>;
  /**
   * Where a client may publish. Absent: nowhere.
   * @throws NightjarError as {@link resolve}; 'forbidden' also for what is not published
   */
  publish?(
    path: string,
    query: URLSearchParams,
    principal: Principal | undefined,
  ): Promise<PublishPlace>;
}

/** A stream that a client may send to us. */
export interface PublishPlace {
  /**
   * What the client is going to send, from `address`.
   * @throws NightjarError 'forbidden' when another client publishes there and is not to be replaced
   */
  announce(tracks: readonly SdpTrack[], address: string): Mount;
}

/** What went to readers; the numbers only rise. */
export interface Traffic {
  /** RTP and RTCP, with framing on TCP. */
  bytes: number;
  /** RTP only. */
  packets: number;
}

/** Told what happens to the sessions of a mount. */
export interface MountObserver {
  /** Added to on the packet path for every reader, hence numbers and not calls. */
  readonly traffic: Readonly<Record<ReaderTransport, Traffic>>;
  /** A session was ended by us, not by its client. */
  cut(transport: ReaderTransport, reason: string): void;
}

/** One action at one camera. */
export interface MountAccess {
  readonly action: Action;
  readonly camera: string;
  /** The footage that it is about. */
  readonly span?: FootageSpan;
}

/** Anything the RTSP server can serve: a live stream, a recording, a simulated camera; or take, when it is published. */
export interface Mount {
  readonly kind: 'live' | 'playback' | 'publish';
  /** Transports that SETUP may choose; absent: all that the server offers. */
  readonly transports?: TransportOffer;
  /**
   * Unique name of a stream that is the same for all who play it, so that one sender can serve them in a group. Absent:
   * every session plays for itself, and multicast is refused.
   */
  readonly shared?: string | undefined;
  /** Name of what its readers are counted by, unique among mounts of its kind; absent: {@link shared}. */
  readonly countedAs?: string;
  readonly observer?: MountObserver;
  /** What its sessions need the right for, all of it and as long as they last; absent: nobody asks again. */
  readonly access?: readonly MountAccess[];
  /** What one reader gets, as measured; undefined while it is not known. Absent: never known. */
  readonly bytesPerSecond?: () => number | undefined;
  /** Feature tags that a client may require (RFC 2326 s.12.32); others are answered 551. */
  readonly features?: readonly string[];
  /**
   * Waits, bounded, for a source that must start first.
   * @param required feature tags that the client named
   * @throws NightjarError 'unavailable' (503) or 'not-found' (404)
   */
  describe(required: readonly string[]): Promise<MountDescription>;
  /** What the media allow at this moment, once they were described; absent: what a live stream allows. */
  media?(): MountMedia;
  /**
   * One per RTSP session.
   * @param output where its packets go
   * @param setUp tracks that the client set up, ascending
   */
  open(output: StreamOutput, setUp: readonly number[]): MountStream;
}

/** What may be done with media, for clients of RTSP 2.0. */
export interface MountMedia {
  readonly properties: MediaProperties;
  /** What there is now, as values of Media-Range (RFC 7826 s.18.30). */
  readonly ranges: readonly string[];
  /** Units that a Range may use. */
  readonly units: readonly Exclude<Range['unit'], 'other'>[];
}

export interface MountDescription {
  readonly name: string;
  /** `o=` session id and version, RFC 8866 s.5.2. */
  readonly sessionId: string;
  readonly sessionVersion: number;
  /** Values of `a=range`. */
  readonly range?: string[];
  readonly tracks: readonly MountTrack[];
}

export interface MountTrack extends SdpTrack {
  /** Values of further `a=` lines of its media section. */
  readonly attributes?: readonly string[];
  /** SSRC of its packets, where that is known before they are sent. */
  readonly ssrc?: number | undefined;
}

/** What PLAY asks for; undefined is a header that was not sent. A live stream knows no other time than its own. */
export interface PlayRequest {
  readonly range: Range | undefined;
  /** Not 0; negative is backwards. */
  readonly scale: number | undefined;
  readonly speed: SpeedRange | undefined;
  /** `no`: a recording is sent as fast as the client takes it. */
  readonly rateControl: RateControl | undefined;
  readonly frames: Frames | undefined;
  readonly immediate: boolean;
  /** Where to begin, of what there is about the start of the range; undefined: with a keyframe. */
  readonly seekStyle?: SeekStyle | undefined;
  /** Whether it waits for its turn behind what plays up to an end that the client set (RFC 2326 s.10.5). */
  readonly queue?: boolean;
  /** Low byte of the CSeq. */
  readonly cseq: number;
  /** Feature tags that the client named in this session so far. */
  readonly required: readonly string[];
}

export interface PlayAnswer {
  /** Value of the Range header: what is really played. */
  readonly range?: string;
  readonly scale?: number;
  /** What is really done, told to a client that asked. */
  readonly speed?: number;
  readonly rateControl?: RateControl;
  /** By what the place was chosen; undefined: play begins with a keyframe. */
  readonly seekStyle?: SeekStyle;
  /** RTP-Info: first packet of each track after this answer. */
  readonly rtpInfo: readonly TrackInfo[];
}

/** A place in the packets of a track. */
export interface TrackInfo {
  readonly track: number;
  /** Where it is not ours ({@link StreamOutput.ssrc}). */
  readonly ssrc?: number;
  readonly seq?: number;
  readonly rtptime?: number;
}

/** Something that a client of RTSP 2.0 is told while it plays. RFC 7826 s.13.5. */
export type StreamNotice =
  | {
      readonly kind: 'end-of-stream';
      /** Value of Range: from where to where it was played. */
      readonly range: string;
      /** Last packet of each track. */
      readonly rtpInfo: readonly TrackInfo[];
    }
  /** What {@link Mount.media} says has changed. */
  | { readonly kind: 'media-properties-update' }
  | {
      readonly kind: 'scale-change';
      readonly range: string;
      readonly scale: number;
      /** First packet of each track at the new scale. */
      readonly rtpInfo: readonly TrackInfo[];
    };

/** What one RTSP session plays, or records. */
export interface MountStream {
  /** Starts, or moves to `range` while playing. What is sent before the answer left is held back by the output. */
  play(request: PlayRequest): Promise<PlayAnswer>;
  /**
   * Stops sending, and drops what is queued.
   * @param at stop only there; what is played goes on until then
   * @throws NightjarError with status 457 when `at` is not ahead in what is played
   */
  pause(at?: Range): Promise<Paused>;
  /** Ends for good; nothing may be sent afterwards. */
  close(): void;
  /**
   * One RTP or RTCP packet of the client. The view is valid until the call returns; over UDP it is the callee's own.
   * Absent: the mount takes nothing of its clients.
   */
  receive?(track: number, rtcp: boolean, buf: Buffer, offset: number, length: number): void;
  /** A packet in the name of the client is dropped: it is altered, repeated or under a key that was not agreed on. */
  forged?(): void;
  /** End of what one socket read brought over TCP. */
  endRead?(): void;
}

export interface Paused {
  /** Value of Range: what is left to play. */
  readonly range?: string;
  /** It goes on until the point that was asked for. */
  readonly later?: boolean;
}

/** The transport of one RTSP session, whatever it is made of. Packets of tracks that were not set up are dropped. */
export interface StreamOutput {
  readonly transport: ReaderTransport;
  /** SSRC announced in SETUP for tracks whose mount does not bring its own. */
  ssrc(track: number): number;
  /** Bytes accepted and not yet taken by the kernel. */
  readonly queuedBytes: number;
  /** A shared batch of a hub, from packet `from` on. */
  batch(batch: PacketBatch, from: number): void;
  /** Queues a copy of one RTP or RTCP packet. */
  send(track: number, packet: Buffer, rtcp: boolean): void;
  /** Writes what {@link send} queued, with one system call on TCP. False when the client is behind: await {@link drained}. */
  flush(): boolean;
  /** Resolves when nothing is waiting any more, or the session is gone. */
  drained(): Promise<void>;
  /** What played has stopped by itself, at its end or where it was to pause: the session is ready for whatever comes. */
  stopped(): void;
  /** The stream is over: RTCP BYE for every track that sent something; the session stays. */
  end(): void;
  /** Tells the client; absent where it does not speak RTSP 2.0, or for a group. */
  readonly notify?: ((notice: StreamNotice) => void) | undefined;
  /** Closes the session from our side, after a BYE; `reason` is counted. */
  cut(reason: string): void;
}
