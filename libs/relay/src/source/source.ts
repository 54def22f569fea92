import type { SdpTrack } from '@nightjar/rtsp';
import type { DropCounts } from './source-counters.js';
import type { CameraTolerance } from './tolerated.js';

/** Why a source has no media now; a bounded set, usable as a metric label. */
export type OfflineReason =
  | 'refused'
  | 'unreachable'
  | 'timeout'
  | 'unauthorized'
  /** Its certificate is not what it should be. */
  | 'untrusted'
  | 'not-found'
  | 'protocol'
  | 'stalled'
  /** Nobody sends a stream that is published. */
  | 'not-published'
  | 'closed'
  | 'limit'
  | 'stopped';

/** The way to the loudspeaker of a camera. */
export interface Backchannel {
  /** What the camera takes. */
  readonly track: SdpTrack;
  /** Sends one RTP packet, which the callee may keep. What the camera does not take in time is dropped. */
  send(packet: Buffer): void;
}

/** What a source tells its hub. All calls are synchronous. */
export interface SourceSink {
  /** The upstream is playing; tracks in SDP order, only those that were set up. */
  online(tracks: readonly SdpTrack[], backchannel?: Backchannel): void;
  /**
   * One RTP packet of a track, already validated. The view may be used only until the call returns; `buf` as a whole does not
   * change between packets of it, up to the next `flush`.
   */
  rtp(track: number, buf: Buffer, offset: number, length: number): void;
  /** The camera's sender report: its wall clock (Unix epoch ms, NaN if it sent none) at an RTP timestamp. */
  senderReport(track: number, ntpMs: number, rtpTimestamp: number): void;
  /** End of what one socket read brought: the hub publishes its batch now. */
  flush(): void;
  offline(reason: OfflineReason, detail: string): void;
}

/** What a source is doing: waiting for its turn or for the next attempt, or talking to the camera. */
export type SourceState = 'idle' | 'queued' | 'connecting' | 'playing' | 'waiting' | 'given-up';

/** An account that a camera refuses. */
export interface RefusedLogin {
  /** In a row, by all streams that use the account. */
  readonly refusals: number;
  /** Wall time of the next try; undefined: none until the credentials change. */
  readonly retryAtMs: number | undefined;
}

/** Counters and state of a source; numbers only rise while it lives. */
export interface SourceStats {
  readonly state: SourceState;
  /** Sessions that reached PLAY. */
  readonly connects: number;
  readonly packets: number;
  readonly bytes: number;
  readonly lost: number;
  readonly jitterSeconds: number;
  /** Wall time of the last RTP packet, undefined before the first. */
  readonly lastPacketAtMs: number | undefined;
  /** Packets not passed on, by cause. */
  readonly dropped: Readonly<DropCounts>;
  /** In use now, or last. */
  readonly transport: 'tcp' | 'udp' | 'multicast' | undefined;
  readonly lastError: string | undefined;
  /** What its camera does that it should not, and that is borne: names of docs/ref/quirks.md. */
  readonly quirks?: readonly CameraTolerance[];
  /** Of the account, while the camera refuses it. */
  readonly login?: RefusedLogin | undefined;
}

/** One upstream pull that reconnects by itself until it is stopped. */
export interface Source {
  start(): void;
  /** Resolves when the upstream session is torn down and every socket is closed. */
  stop(): Promise<void>;
  readonly stats: SourceStats;
}
