import type { MonotonicMs } from '@nightjar/common';
import type { SdpTrack } from '@nightjar/rtsp';
import type { OfflineReason } from '../source/source.js';
import type { PacketBatch } from './packet-batch.js';

/** Anything that takes a stream from a hub: an RTSP session, the recorder, a browser feed. All calls are synchronous. */
export interface HubReader {
  /**
   * Whether the reader still refers to a batch that it was given. While no reader does, the memory of all batches that
   * are not cached any more is used again.
   */
  readonly holdsBatches: boolean;
  /** Bytes that the reader has taken and not passed on, where it can tell. */
  readonly queuedBytes?: number;
  /** First call after attaching (at once if the tracks are known), and again when the camera comes back with other tracks. */
  tracks(tracks: readonly SdpTrack[]): void;
  /**
   * Packets from index `from` on. `from` is above 0 only for the first batch of a reader that starts at a keyframe.
   * Must not block or throw; the batch may be kept while {@link holdsBatches} says so, never changed.
   */
  batch(batch: PacketBatch, from: number): void;
  /** An RTCP packet of ours for one track: a sender report, or a note that the camera is away. Recorders have no use for it. */
  report?(track: number, packet: Buffer): void;
  /**
   * The camera's own sender report for one track, for those who need to know how its tracks stand to each other: `timestamp`
   * in the numbering of the batches, `ntpMs` by the camera's clock, which may say anything. The newest of each track also
   * after attaching with `fromKeyframe`.
   */
  cameraTime?(track: number, ntpMs: number, timestamp: number, arrivalMs: MonotonicMs): void;
  /** The camera left; the reader stays attached, and sequence numbers and timestamps go on when it is back. */
  interrupted(reason: OfflineReason): void;
  /** The camera is away, and an attempt to reach it has failed; also said of the last attempt when a reader is attached. */
  unavailable?(reason: OfflineReason): void;
  /** The stream is no longer served; the reader is already detached. */
  closed(): void;
}

export type HubState = 'idle' | 'connecting' | 'online';

/** Where a track stands: what RTP-Info must say of the next packet a reader gets (RFC 2326 s.12.33). */
export interface TrackPosition {
  readonly ssrc: number;
  readonly sequence: number;
  readonly timestamp: number;
}

/** One stream of one camera: a single source upstream, any number of readers downstream. */
export interface Hub {
  readonly state: HubState;
  /** Tracks in SDP order; the last known ones while the camera is away; undefined before the first success. */
  readonly tracks: readonly SdpTrack[] | undefined;
  /** Rises whenever `tracks` changes: the `o=` version of RFC 8866 s.5.2. */
  readonly tracksVersion: number;
  /**
   * Adds a reader and starts the source if it was idle. With `fromKeyframe` the packets since the last keyframe are
   * delivered before this call returns, so that a player has a picture at once.
   */
  attach(reader: HubReader, options: { readonly fromKeyframe: boolean }): void;
  detach(reader: HubReader): void;
  /** The first packet per track that a reader attached now with `fromKeyframe` gets; undefined where not known yet. */
  position(): readonly (TrackPosition | undefined)[];
  /** SSRC under which readers get a track; undefined before the tracks are known. */
  ssrc(track: number): number | undefined;
  /**
   * Starts the source if needed and waits until it is online.
   * @throws NightjarError 'unavailable' when that takes longer than `timeoutMs` or the camera refuses.
   */
  ready(timeoutMs: number): Promise<readonly SdpTrack[]>;
}
