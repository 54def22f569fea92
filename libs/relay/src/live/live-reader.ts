import { TokenBucket, type Clock, type MonotonicMs, type Timer } from '@nightjar/common';
import type { SdpTrack } from '@nightjar/rtsp';
import type { HubReader } from '../hub/hub.js';
import type { PacketBatch } from '../hub/packet-batch.js';
import { sameTracks } from '../hub/same-tracks.js';
import type { StreamOutput } from '../rtsp-server/mount.js';
import { RATE_BURST_SECONDS } from '../rtsp-server/rate-limited-output.js';

/** A reader that has skipped for this long without catching up is cut. */
export const CUT_AFTER_MS = 10_000;

export interface LiveReaderOptions {
  readonly clock: Clock;
  /** What the client was told that it gets. */
  readonly described: readonly SdpTrack[];
  /** Most bytes that may wait for one reader. Batches are shared, so this bounds delay rather than memory. */
  readonly maxQueueBytes: number;
  /** More than this on average and it skips to a keyframe; absent: any. */
  readonly maxBytesPerSecond?: number | undefined;
  readonly onSkip: () => void;
  /** How long it stays while the camera is away; undefined: for ever. */
  readonly stayMs: () => number | undefined;
}

/**
 * Carries a hub's batches to one RTSP session. A client that does not keep up loses everything up to a later keyframe,
 * never single packets, and is cut when even that does not help; nobody else notices.
 */
export class LiveReader implements HubReader {
  private skippingSince: MonotonicMs | undefined;
  private hasVideo = false;
  /** The burst since the last keyframe that starts a player is not held against it. */
  private joining = true;
  /** What still waits of that burst, where the output paces it. */
  private startBytes = 0;
  private away = false;
  /** Runs while the camera is away. */
  private awayTimer: Timer | undefined;
  private readonly maxQueueBytes: number;
  private readonly allowance: TokenBucket | undefined;

  constructor(
    private readonly output: StreamOutput,
    private readonly options: LiveReaderOptions,
  ) {
    this.maxQueueBytes = options.maxQueueBytes;
    const { maxBytesPerSecond: rate, clock } = options;
    if (rate !== undefined)
      this.allowance = new TokenBucket(rate, RATE_BURST_SECONDS * rate, clock.monotonicMs());
  }

  get queuedBytes(): number {
    return this.output.queuedBytes;
  }

  get holdsBatches(): boolean {
    return this.output.queuedBytes > 0;
  }

  /** The initial burst was delivered: from here on the queue is bounded. */
  joined(): void {
    this.joining = false;
    this.startBytes = this.output.queuedBytes;
  }

  tracks(tracks: readonly SdpTrack[]): void {
    // RTSP 1.0 has no way to tell a playing client of other tracks: it must ask again.
    if (!sameTracks(this.options.described, tracks)) this.output.cut('tracks-changed');
    this.hasVideo = tracks.some(({ format }) => format.codec === 'h264' || format.codec === 'h265');
  }

  batch(batch: PacketBatch, from: number): void {
    if (this.away) this.returned();
    const queued = this.output.queuedBytes;
    if (this.skippingSince !== undefined) {
      this.resume(batch, queued);
      return;
    }
    if (queued < this.startBytes) this.startBytes = queued;
    const bound = this.startBytes + this.maxQueueBytes;
    // Who has nothing waiting is not behind, however large the batch.
    const tooSlow = !this.joining && queued > 0 && queued + batch.bytes.length > bound;
    if (tooSlow || (!this.joining && !this.mayTake(batch))) {
      this.skippingSince = this.options.clock.monotonicMs();
      this.options.onSkip();
      return;
    }
    this.output.batch(batch, from);
  }

  report(track: number, packet: Buffer): void {
    if (this.skippingSince !== undefined) return;
    this.output.send(track, packet, true);
    this.output.flush();
  }

  /** Players keep their session while the camera is away, unless they are to be sent away. */
  interrupted(): void {
    if (!this.away) {
      this.away = true;
      this.sayMediaChanged();
    }
    const stayMs = this.options.stayMs();
    if (stayMs === undefined) return;
    this.awayTimer ??= this.options.clock.setTimer(stayMs, () => this.output.cut('camera-offline'));
  }

  unavailable(): void {
    this.interrupted();
  }

  /** It is detached. */
  left(): void {
    this.awayTimer?.cancel();
    this.awayTimer = undefined;
    this.away = false;
  }

  closed(): void {
    this.output.cut('stream-removed');
  }

  private returned(): void {
    this.left();
    this.sayMediaChanged();
  }

  /** That nothing comes as time passes, and that it does again (RFC 7826 s.13.5.2). Before the answer to PLAY there is no need. */
  private sayMediaChanged(): void {
    if (!this.joining) this.output.notify?.({ kind: 'media-properties-update' });
  }

  private mayTake({ bytes }: PacketBatch): boolean {
    return this.allowance?.take(bytes.length, this.options.clock.monotonicMs()) ?? true;
  }

  private resume(batch: PacketBatch, queued: number): void {
    if (queued > this.maxQueueBytes / 2) {
      if (this.options.clock.monotonicMs() - this.skippingSince! > CUT_AFTER_MS)
        this.output.cut('slow');
      return;
    }
    if (this.hasVideo && batch.keyframeAt < 0) return;
    if (!this.mayTake(batch)) return;
    this.skippingSince = undefined;
    this.output.batch(batch, Math.max(batch.keyframeAt, 0));
  }
}
