import type { Clock, MonotonicMs, Timer } from '@nightjar/common';
import type { SdpTrack } from '@nightjar/rtsp';
import type { Hub, HubReader } from '../hub/hub.js';
import type { PacketBatch } from '../hub/packet-batch.js';
import type { OfflineReason, Source, SourceSink, SourceStats } from '../source/source.js';
import { OtherStream, parameterSetPackets } from './other-stream.js';
import { KeptKeyframe, noSignal, noSignalFormat, type Still } from './still.js';

/** A still picture is sent again so often. */
export const STILL_INTERVAL_MS = 1_000;

/** What readers see now: the camera, nothing, or what takes its place. */
export type Shown = 'camera' | 'nothing' | 'fallback' | 'slate';

export interface StandInOptions {
  /** The camera's own stream. */
  readonly hub: Hub;
  /** Finds the stream that takes its place, at the time; undefined: a still picture does. */
  readonly fallback: (() => Hub | undefined) | undefined;
  /** How long the camera must be away before something takes its place. */
  readonly afterMs: number;
  readonly clock: Clock;
  readonly onShown: (shown: Shown) => void;
  /** The other stream cannot take the place: for its codecs, or because this process does not have it. Called once per start. */
  readonly onUnfit: (why: 'codecs' | 'elsewhere') => void;
}

/**
 * The source of what readers of a stream see where something takes the camera's place while it is away: the camera's own
 * hub, from keyframe to keyframe interrupted by another stream or by a still picture. Recorders read the camera's hub itself, so
 * that footage is of the camera alone.
 */
export class StandInSource implements Source, HubReader {
  readonly holdsBatches = false;
  private own: readonly SdpTrack[] | undefined;
  private shown: Shown = 'nothing';
  private running = false;
  private hasVideo = false;
  private keptTrack = -1;
  private kept: KeptKeyframe | undefined;
  private other: OtherStream | undefined;
  private still: { readonly picture: Still; readonly track: number } | undefined;
  private stillSinceMs: MonotonicMs | undefined;
  private timer: Timer | undefined;
  private unfit = false;

  constructor(
    private readonly options: StandInOptions,
    private readonly sink: SourceSink,
  ) {}

  get stats(): SourceStats {
    return { ...NOTHING_COUNTED, state: this.running ? 'playing' : 'idle' };
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.unfit = false;
    this.options.hub.attach(this, { fromKeyframe: true });
    // A camera that is not there yet may never come.
    if (this.shown === 'nothing') this.wait();
  }

  stop(): Promise<void> {
    if (this.running) {
      this.running = false;
      this.options.hub.detach(this);
      this.leaveStandIn();
      this.show('nothing');
      this.sink.offline('stopped', 'nobody watches');
    }
    return Promise.resolve();
  }

  tracks(tracks: readonly SdpTrack[]): void {
    this.own = tracks;
    this.keptTrack = tracks.findIndex(({ format }) => format.kind === 'video');
    this.hasVideo = this.keptTrack >= 0;
    const video = tracks[this.keptTrack];
    this.kept = video === undefined ? undefined : new KeptKeyframe(video.format);
  }

  batch(batch: PacketBatch, from: number): void {
    let first = from;
    if (this.shown !== 'camera') {
      if (this.hasVideo && batch.keyframeAt < 0) return;
      first = Math.max(batch.keyframeAt, from);
      this.back(batch, first);
    }
    for (let i = first; i < batch.count; i++) {
      const track = batch.tracks[i]!;
      const [at, length] = [batch.offsets[i]!, batch.lengths[i]!];
      if (track === this.keptTrack) {
        if (i === batch.keyframeAt) this.kept?.begin(batch.bytes, at, length);
        else this.kept?.go(batch.bytes, at, length);
      }
      this.sink.rtp(track, batch.bytes, at, length);
    }
    this.sink.flush();
  }

  cameraTime(track: number, ntpMs: number, timestamp: number): void {
    if (this.shown === 'camera') this.sink.senderReport(track, ntpMs, timestamp);
  }

  interrupted(reason: OfflineReason): void {
    // It may leave again before its first keyframe.
    if (this.shown === 'camera') {
      this.show('nothing');
      this.sink.offline(reason, 'the camera is away');
    }
    if (this.shown === 'nothing') this.wait();
  }

  unavailable(): void {
    if (this.shown === 'nothing') this.wait();
  }

  closed(): void {
    this.leaveStandIn();
  }

  /** The camera is there again: its keyframe is packet `first` of the batch. */
  private back(batch: PacketBatch, first: number): void {
    this.leaveStandIn();
    this.show('camera');
    this.sink.online(this.own ?? []);
    if (!this.hasVideo) return;
    // The decoder may have those of another stream.
    for (const packet of parameterSetPackets(this.own ?? [], batch, first))
      this.sink.rtp(batch.tracks[first]!, packet, 0, packet.length);
  }

  private wait(): void {
    // The other stream is asked for already, and may be away, too.
    if (this.other !== undefined) return;
    this.timer ??= this.options.clock.setTimer(this.options.afterMs, () => {
      this.timer = undefined;
      this.standIn();
    });
  }

  private standIn(): void {
    const { fallback } = this.options;
    const other = fallback?.();
    if (fallback === undefined) this.showStill();
    else if (other === undefined) this.cannot('elsewhere');
    else this.showOther(other);
  }

  private leaveStandIn(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.other?.stop();
    this.other = undefined;
    this.still = undefined;
    this.stillSinceMs = undefined;
  }

  private showOther(hub: Hub): void {
    const other = new OtherStream(hub, this.own, {
      begin: (tracks) => {
        this.show('fallback');
        this.sink.online(tracks);
      },
      rtp: (track, buf, offset, length) => this.sink.rtp(track, buf, offset, length),
      flush: () => this.sink.flush(),
      away: () => {
        if (this.shown !== 'fallback') return;
        this.show('nothing');
        this.sink.offline('closed', 'the other stream is away, too');
      },
      unfit: () => {
        other.stop();
        this.cannot('codecs');
      },
    });
    this.other = other;
    other.start();
  }

  private cannot(why: 'codecs' | 'elsewhere'): void {
    if (!this.unfit) this.options.onUnfit(why);
    this.unfit = true;
  }

  private showStill(): void {
    const tracks = this.own ?? [{ format: noSignalFormat(), control: '', direction: 'recvonly' }];
    const track = Math.max(this.keptTrack, 0);
    const picture = this.kept?.still() ?? noSignal(tracks[track]!.format);
    if (picture === undefined) return;
    this.still = { picture, track };
    this.stillSinceMs = this.options.clock.monotonicMs();
    this.show('slate');
    this.sink.online(tracks);
    this.sendStill();
  }

  private sendStill(): void {
    const { still, stillSinceMs, own } = this;
    if (still === undefined || stillSinceMs === undefined) return;
    const { clock } = this.options;
    const clockRateHz = own?.[still.track]?.format.clockRateHz ?? VIDEO_CLOCK_HZ;
    const ticks = Math.round(((clock.monotonicMs() - stillSinceMs) / 1000) * clockRateHz);
    for (const packet of still.picture.next(ticks))
      this.sink.rtp(still.track, packet, 0, packet.length);
    this.sink.flush();
    this.timer = clock.setTimer(STILL_INTERVAL_MS, () => this.sendStill());
  }

  private show(shown: Shown): void {
    if (this.shown === shown) return;
    this.shown = shown;
    this.options.onShown(shown);
  }
}

/** RFC 6184 s.8.2.1. */
const VIDEO_CLOCK_HZ = 90_000;

/** What comes from the network is counted by the sources of the streams that are shown. */
const NOTHING_COUNTED: Omit<SourceStats, 'state'> = {
  connects: 0,
  packets: 0,
  bytes: 0,
  lost: 0,
  jitterSeconds: 0,
  lastPacketAtMs: undefined,
  dropped: { malformed: 0, payloadType: 0, ssrc: 0, channel: 0, address: 0, srtp: 0 },
  transport: undefined,
  lastError: undefined,
};
