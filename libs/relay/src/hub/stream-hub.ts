import { NightjarError, type Clock, type MonotonicMs, type Timer } from '@nightjar/common';
import {
  createDepacketizer,
  encodeNote,
  encodeSenderReport,
  formatOf,
  payloadEndOf,
  payloadStartOf,
  sequenceOf,
  ssrcOf,
  startsKeyframe,
  timestampOf,
  type CodecConfig,
  type Depacketizer,
} from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import type {
  Backchannel,
  OfflineReason,
  Source,
  SourceSink,
  SourceStats,
} from '../source/source.js';
import { BatchBuilder } from './batch-builder.js';
import type { BlockPool } from './block-pool.js';
import { TrackContinuity } from './continuity.js';
import type { GopBudget } from './gop-budget.js';
import { GopCache, type GopDropReason } from './gop-cache.js';
import type { Hub, HubReader, HubState, TrackPosition } from './hub.js';
import { sameDescription, sameTracks } from './same-tracks.js';
import { SenderClock } from './sender-clock.js';

/** Interval of our sender reports to readers (RFC 3550 s.6.2 gives 5 s as the minimum). */
const SENDER_REPORT_INTERVAL_MS = 5_000;

/** Parameter sets come first in a keyframe; the rest of it need not be put together to find them. */
const PARAMETER_SET_PACKETS = 8;

/** Blocks after which a stream without keyframes looks whether its memory can be used again. */
const UNCACHED_BLOCKS = 4;
/** Reasons that waiting a little longer will not mend. */
const FINAL_REASONS: ReadonlySet<OfflineReason> = new Set([
  'unauthorized',
  'not-found',
  'not-published',
]);

export interface HubWatch {
  online(): void;
  offline(reason: OfflineReason, login: SourceStats['login']): void;
}

export interface StreamHubOptions {
  readonly createSource: (sink: SourceSink) => Source;
  readonly clock: Clock;
  /** How long the source stays connected after the last reader left. */
  readonly closeAfterMs: number;
  /** RTCP canonical name that readers see (RFC 3550 s.6.5.1). */
  readonly cname: string;
  /** Shared with other hubs; absent: only the bound per stream holds. */
  readonly gopBudget?: GopBudget;
  /** Told whether there are media: whenever they begin, and at each failure to have them. */
  readonly watch?: HubWatch;
  /** Where the memory of batches comes from; shared with other hubs. */
  readonly blocks?: BlockPool;
}

/** Counters of one stream; they only rise. */
export interface HubStats {
  packets: number;
  bytes: number;
  /** Times a source came online. */
  sessions: number;
  readonly offline: Map<OfflineReason, number>;
}

interface TrackState {
  readonly track: SdpTrack;
  readonly continuity: TrackContinuity;
  /** The camera's newest sender report of this session, in our numbering. */
  report?: CameraReport | undefined;
}

export interface CameraReport {
  readonly ntpMs: number;
  readonly timestamp: number;
  readonly arrivalMs: MonotonicMs;
}

/** The hub of one stream: takes packets from its source, publishes batches to its readers. */
export class StreamHub implements Hub, SourceSink {
  readonly stats: HubStats = { packets: 0, bytes: 0, sessions: 0, offline: new Map() };
  private source: Source | undefined;
  private stopping: Promise<void> = Promise.resolve();
  private current: HubState = 'idle';
  private described: readonly SdpTrack[] | undefined;
  private speaker: Backchannel | undefined;
  private version = 0;
  private states: TrackState[] = [];
  private readers: HubReader[] = [];
  private readonly builder: BatchBuilder;
  private readonly cache: GopCache;
  private readonly senderClock = new SenderClock();
  private videoTrack = -1;
  private keyframeTimestamp = -1;
  private keyframePackets = 0;
  private parameterSets: Depacketizer | undefined;
  private closeTimer: Timer | undefined;
  private reportTimer: Timer | undefined;
  private waiters = new Set<{
    resolve: (tracks: readonly SdpTrack[]) => void;
    reject: (error: Error) => void;
  }>();
  private failure = '';
  /** Why the source could not be reached when it was last tried; undefined while it is online. */
  private failed: OfflineReason | undefined;
  private packetsBefore = 0;
  /** When the packets came that are being collected. */
  private arrivalMs = 0 as MonotonicMs;
  private shut = false;

  constructor(private readonly options: StreamHubOptions) {
    this.builder = new BatchBuilder(options.blocks);
    this.cache = new GopCache(options.gopBudget);
  }

  get state(): HubState {
    return this.current;
  }

  get tracks(): readonly SdpTrack[] | undefined {
    return this.described;
  }

  /** The way to the loudspeaker of the camera, while it is online and has one. */
  get backchannel(): Backchannel | undefined {
    return this.speaker;
  }

  get tracksVersion(): number {
    return this.version;
  }

  /** Whether media have come since the source went online: a camera may accept PLAY and send nothing. */
  get delivering(): boolean {
    return this.current === 'online' && this.stats.packets > this.packetsBefore;
  }

  /** What the camera says about its clock, if it does. */
  get cameraReport(): CameraReport | undefined {
    return this.states.find(({ report }) => report !== undefined)?.report;
  }

  get sourceStats(): Source['stats'] | undefined {
    return this.source?.stats;
  }

  /** Memory that the packets since the last keyframe keep alive, bytes. */
  get gopCacheBytes(): number {
    return this.cache.bytes;
  }

  /** GOPs that were not kept to their end; the counts only rise. */
  get gopDrops(): Readonly<Record<GopDropReason, number>> {
    return this.cache.drops;
  }

  /** Bytes that wait for the readers together. */
  get queuedBytes(): number {
    let bytes = 0;
    for (const reader of this.readers) bytes += reader.queuedBytes ?? 0;
    return bytes;
  }

  attach(reader: HubReader, options: { readonly fromKeyframe: boolean }): void {
    this.readers = [...this.readers, reader];
    this.begin();
    if (this.described !== undefined) reader.tracks(this.described);
    if (this.failed !== undefined) reader.unavailable?.(this.failed);
    if (options.fromKeyframe) {
      this.cache.replay((batch, from) => reader.batch(batch, from));
      for (const [track, { report }] of this.states.entries())
        if (report !== undefined)
          reader.cameraTime?.(track, report.ntpMs, report.timestamp, report.arrivalMs);
      this.sendReports([reader]);
    }
  }

  detach(reader: HubReader): void {
    // A new array each time: the publishing loop may be walking the old one.
    this.readers = this.readers.filter((other) => other !== reader);
    if (reader.holdsBatches) this.builder.forget();
    this.endIfUnused();
  }

  position(): readonly (TrackPosition | undefined)[] {
    const first = this.cache.first(this.states.length);
    return first.map((packet) =>
      packet === undefined
        ? undefined
        : {
            ssrc: ssrcOf(packet, 0),
            sequence: sequenceOf(packet, 0),
            timestamp: timestampOf(packet, 0),
          },
    );
  }

  ssrc(track: number): number | undefined {
    return this.states[track]?.continuity.ssrc;
  }

  async ready(timeoutMs: number): Promise<readonly SdpTrack[]> {
    if (this.shut) throw unavailable('the stream was removed');
    // Nobody is being asked, so waiting would be for nothing.
    if (this.failed === 'not-published') throw unavailable(this.failure, told(this.failed));
    this.begin();
    if (this.current === 'online' && this.described !== undefined) {
      this.endIfUnused();
      return this.described;
    }
    return await new Promise((resolve, reject) => {
      const done = (): void => {
        timer.cancel();
        this.waiters.delete(waiter);
        this.endIfUnused();
      };
      const waiter = {
        resolve: (tracks: readonly SdpTrack[]): void => {
          done();
          resolve(tracks);
        },
        reject: (error: Error): void => {
          done();
          reject(error);
        },
      };
      const timer = this.options.clock.setTimer(timeoutMs, () => {
        waiter.reject(
          unavailable(this.failure === '' ? `no answer within ${timeoutMs} ms` : this.failure),
        );
      });
      this.waiters.add(waiter);
    });
  }

  /** Stops the source and sends every reader away. */
  async shutdown(): Promise<void> {
    this.shut = true;
    const readers = this.readers;
    this.readers = [];
    if (readers.some(({ holdsBatches }) => holdsBatches)) this.builder.forget();
    for (const waiter of this.waiters) {
      waiter.reject(unavailable('the stream was removed'));
    }
    this.end();
    for (const reader of readers) reader.closed();
    await this.stopping;
  }

  online(tracks: readonly SdpTrack[], backchannel?: Backchannel): void {
    this.speaker = backchannel;
    this.failure = '';
    this.failed = undefined;
    this.current = 'online';
    this.stats.sessions++;
    this.packetsBefore = this.stats.packets;
    this.senderClock.reset();
    this.keyframeTimestamp = -1;
    if (this.described !== undefined && sameTracks(this.described, tracks)) {
      for (const state of this.states) {
        state.continuity.restart();
        state.report = undefined;
      }
      if (!sameDescription(this.described, tracks)) this.describe(tracks);
    } else {
      this.states = tracks.map((track) => ({
        track,
        continuity: new TrackContinuity(track.format.clockRateHz),
      }));
      this.describe(tracks);
      for (const reader of this.readers) reader.tracks(tracks);
    }
    this.watchParameterSets(tracks);
    for (const waiter of this.waiters) waiter.resolve(tracks);
    this.scheduleReports();
    this.options.watch?.online();
  }

  rtp(track: number, buf: Buffer, offset: number, length: number): void {
    const state = this.states[track];
    if (state === undefined) return;
    if (this.builder.empty) this.arrivalMs = this.options.clock.monotonicMs();
    const at = this.builder.append(track, buf, offset, length);
    const bytes = this.builder.buffer;
    const first = !state.continuity.anchored;
    state.continuity.rewrite(bytes, at, length, this.arrivalMs);
    if (first) this.senderClock.arrival(track, state.continuity.last, this.options.clock.wallMs());
    if (track === this.videoTrack) this.lookForKeyframe(bytes, at, length, state);
  }

  senderReport(track: number, ntpMs: number, rtpTimestamp: number): void {
    const state = this.states[track];
    if (state?.continuity.anchored !== true) return;
    const { clock } = this.options;
    const timestamp = state.continuity.translate(rtpTimestamp);
    this.senderClock.cameraReport(track, ntpMs, timestamp, clock.wallMs());
    if (!Number.isFinite(ntpMs)) return;
    const arrivalMs = clock.monotonicMs();
    state.report = { ntpMs, timestamp, arrivalMs };
    for (const reader of this.readers) reader.cameraTime?.(track, ntpMs, timestamp, arrivalMs);
  }

  flush(): void {
    if (this.builder.empty) return;
    const batch = this.builder.take(this.arrivalMs);
    this.stats.packets += batch.count;
    this.stats.bytes += batch.bytes.length;
    this.cache.add(batch);
    const uncached = this.cache.empty && this.builder.filledBlocks >= UNCACHED_BLOCKS;
    if (batch.keyframeAt >= 0 || uncached) this.reclaim();
    const readers = this.readers;
    for (let i = 0; i < readers.length; i++) readers[i]!.batch(batch, 0);
  }

  offline(reason: OfflineReason, detail: string): void {
    this.flush();
    this.failure = detail;
    this.speaker = undefined;
    const wasOnline = this.current === 'online';
    this.current = this.source === undefined ? 'idle' : 'connecting';
    this.stats.offline.set(reason, (this.stats.offline.get(reason) ?? 0) + 1);
    this.cache.clear();
    if (FINAL_REASONS.has(reason)) {
      for (const waiter of this.waiters) waiter.reject(unavailable(detail, told(reason)));
    }
    if (this.source !== undefined) this.failed = reason;
    for (const reader of this.readers) {
      if (wasOnline) reader.interrupted(reason);
      else reader.unavailable?.(reason);
    }
    if (wasOnline) this.sayAway(reason);
    this.reclaim();
    this.options.watch?.offline(reason, this.source?.stats.login);
  }

  /** Tells players why nothing comes, for as long as it does not. */
  private sayAway(reason: OfflineReason): void {
    const { clock, cname } = this.options;
    this.reportTimer?.cancel();
    for (const [track, { continuity }] of this.states.entries()) {
      const packet = encodeNote({
        ssrc: continuity.ssrc,
        cname,
        note: `The camera is away (${reason})`,
      });
      for (const reader of this.readers) reader.report?.(track, packet);
    }
    this.reportTimer = clock.setTimer(SENDER_REPORT_INTERVAL_MS, () => this.sayAway(reason));
  }

  private begin(): void {
    this.closeTimer?.cancel();
    this.closeTimer = undefined;
    // Somebody asks anew for a camera that was given up after its number of tries.
    if (this.source?.stats.state === 'given-up') this.source.start();
    if (this.source !== undefined || this.shut) return;
    this.current = 'connecting';
    const source = this.options.createSource(this);
    this.source = source;
    // The camera must not see a second session before the first one is torn down.
    void this.stopping.then(() => {
      if (this.source === source) source.start();
    });
  }

  private endIfUnused(): void {
    if (this.readers.length > 0 || this.waiters.size > 0 || this.source === undefined) return;
    this.closeTimer?.cancel();
    this.closeTimer = this.options.clock.setTimer(this.options.closeAfterMs, () => this.end());
  }

  private end(): void {
    this.closeTimer?.cancel();
    this.reportTimer?.cancel();
    const source = this.source;
    this.source = undefined;
    this.current = 'idle';
    this.failed = undefined;
    this.cache.clear();
    this.builder.releaseAll();
    if (source !== undefined) this.stopping = source.stop();
  }

  /** Once the cache holds nothing from before the present batch, only readers that lag may. */
  private reclaim(): void {
    if (this.readers.some(({ holdsBatches }) => holdsBatches)) this.builder.forget();
    else this.builder.release();
  }

  private lookForKeyframe(bytes: Buffer, at: number, length: number, state: TrackState): void {
    const timestamp = timestampOf(bytes, at);
    // SPS, PPS and every slice of one keyframe look like a start; only the first packet is one.
    if (timestamp !== this.keyframeTimestamp) {
      const end = payloadEndOf(bytes, at, length);
      if (!startsKeyframe(state.track.format.codec, bytes, payloadStartOf(bytes, at), end)) return;
      this.keyframeTimestamp = timestamp;
      this.keyframePackets = 0;
      this.builder.markKeyframe();
    }
    if (this.keyframePackets++ < PARAMETER_SET_PACKETS) this.parameterSets?.push(bytes, at, length);
  }

  /** Keeps the SDP true when the camera changes its parameter sets while it plays. Sees keyframe packets only. */
  private watchParameterSets(tracks: readonly SdpTrack[]): void {
    this.videoTrack = tracks.findIndex(
      ({ format }) => format.codec === 'h264' || format.codec === 'h265',
    );
    const video = tracks[this.videoTrack];
    if (video === undefined) {
      this.parameterSets = undefined;
      return;
    }
    this.parameterSets = createDepacketizer(video.format, {
      accessUnit: () => undefined,
      config: (config) => this.parameterSetsChanged(config),
    });
  }

  private parameterSetsChanged(config: CodecConfig): void {
    const index = this.videoTrack;
    const track = this.described?.[index];
    if (this.described === undefined || track === undefined) return;
    const fresh = formatOf(config, track.format.payloadType);
    const fmtp = { ...track.format.fmtp, ...fresh.fmtp };
    const next = this.described.map((other, i) =>
      i === index ? { ...track, format: { ...track.format, fmtp } } : other,
    );
    if (!sameDescription(this.described, next)) this.describe(next);
  }

  private describe(tracks: readonly SdpTrack[]): void {
    this.described = tracks;
    this.version++;
  }

  private scheduleReports(): void {
    this.reportTimer?.cancel();
    this.reportTimer = this.options.clock.setTimer(SENDER_REPORT_INTERVAL_MS, () => {
      this.sendReports(this.readers);
      this.scheduleReports();
    });
  }

  private sendReports(readers: readonly HubReader[]): void {
    if (readers.length === 0) return;
    const wallMs = this.options.clock.wallMs();
    for (const [track, { continuity }] of this.states.entries()) {
      const rtpTimestamp = this.senderClock.timestampAt(track, wallMs, continuity.clockRateHz);
      if (rtpTimestamp === undefined) continue;
      const packet = encodeSenderReport({
        ssrc: continuity.ssrc,
        wallMs,
        rtpTimestamp,
        packets: continuity.packets,
        octets: continuity.octets,
        cname: this.options.cname,
      });
      for (const reader of readers) reader.report?.(track, packet);
    }
  }
}

/** What a client may know of why there is nothing: why a camera is away is for us alone. */
function told(reason: OfflineReason): { readonly reason?: string } {
  return reason === 'not-published' ? { reason: 'Nobody publishes this stream now' } : {};
}

function unavailable(why: string, where: { readonly reason?: string } = {}): NightjarError {
  return new NightjarError(
    'unavailable',
    'relay/source-not-ready',
    `the camera is not available: ${why}`,
    where,
  );
}
