import { NightjarError, type Clock, type MonotonicMs, type Timer } from '@nightjar/common';
import {
  SrtpReceiver,
  SrtpSender,
  decodeRtcp,
  encodeReceiverReport,
  type RtcpItem,
  type SrtpMasterKey,
} from '@nightjar/rtp';
import type { ReadyTrack, SdpTrack } from '@nightjar/rtsp';
import { DEFAULT_MEDIA_POLICY, type MediaPolicy } from './media-policy.js';
import { OrderedDelivery } from './ordered-delivery.js';
import type { SourceCounters } from './source-counters.js';
import { repairFor, type PacketRepair } from './packet-repair.js';
import type { SourceSink } from './source.js';
import { toldTrack } from './told-track.js';
import { TrackReceiver } from './track-receiver.js';

/** RFC 3550 s.6.2 gives 5 s as the minimum; some cameras end a session that reports less often. */
const RECEIVER_REPORT_INTERVAL_MS = 5_000;
/** UDP that was agreed on and brings nothing for so long is blocked on its way. */
const FIRST_DATAGRAM_MS = 4_000;
const CHANNELS = 256;

/** What the owner of the connection must know or do. */
export interface MediaEvents {
  /** First sign that the server plays: its response or its first packet. */
  online(tracks: readonly SdpTrack[]): void;
  /** Media goes on, but as another stream: sequence numbers and timestamps start anew. */
  newEpoch(tracks: readonly SdpTrack[], detail: string): void;
  /** The camera said goodbye (RFC 3550 s.6.6). */
  bye(): void;
  /** The camera sends what was not agreed on, and that is not to be borne. */
  mixedUp(detail: string): void;
  /** Nothing came for too long; `ever` tells whether this connection brought any packet. */
  silent(ever: boolean): void;
}

export interface MediaReceiverOptions {
  readonly clock: Clock;
  readonly inactivityMs: number;
  /** SSRC and canonical name under which we report to the camera. */
  readonly ssrc: number;
  readonly cname: string;
  readonly counters: SourceCounters;
  /** Absent: {@link DEFAULT_MEDIA_POLICY}. */
  readonly policy?: MediaPolicy | undefined;
  readonly sink: Pick<SourceSink, 'rtp' | 'senderReport' | 'flush'>;
  readonly events: MediaEvents;
}

interface TrackState {
  readonly index: number;
  readonly receiver: TrackReceiver;
  /** Only for UDP. */
  readonly order: OrderedDelivery | undefined;
  readonly sendRtcp: (packet: Buffer) => void;
  /** Undefined for a track that is not protected. */
  readonly srtp: SrtpReceiver | undefined;
  /** Undefined for a track whose packets are as they should be. */
  readonly repair: PacketRepair | undefined;
  /** Whether packets are changed in place before they are passed on. */
  readonly changes: boolean;
  /** Whether its times are the camera's, so that the camera's reports tell of them. */
  readonly timed: boolean;
}

/** The media of one connection: sorts packets to tracks, measures them, reports to the camera and notices silence. */
export class MediaReceiver {
  private readonly tracks: TrackState[] = [];
  private readonly rtpChannels: (TrackState | undefined)[] = Array.from({ length: CHANNELS });
  private readonly rtcpChannels: (TrackState | undefined)[] = Array.from({ length: CHANNELS });
  private phase: 'setup' | 'open' | 'online' | 'closed' = 'setup';
  private overUdp = false;
  private nowMs: MonotonicMs;
  private lastPacketMs: MonotonicMs | undefined;
  private silentSinceMs: MonotonicMs;
  private unflushed = false;
  private flushPending = false;
  private readonly policy: MediaPolicy;
  private watchTimer: Timer | undefined;
  private reportTimer: Timer | undefined;

  constructor(private readonly options: MediaReceiverOptions) {
    this.policy = options.policy ?? DEFAULT_MEDIA_POLICY;
    this.nowMs = options.clock.monotonicMs();
    this.silentSinceMs = this.nowMs;
  }

  /** Arrival of the last packet on this connection. */
  get lastPacketAt(): MonotonicMs | undefined {
    return this.lastPacketMs;
  }

  /** Packets missing on this connection in the current epoch. */
  get lost(): number {
    return this.tracks.reduce((sum, { receiver }) => sum + receiver.stats.lost, 0);
  }

  /** The worst track's. */
  get jitterSeconds(): number {
    return Math.max(0, ...this.tracks.map(({ receiver }) => receiver.stats.jitterSeconds));
  }

  /** A track was set up; `send` takes our reports on it. */
  add(ready: ReadyTrack, send: (packet: Buffer) => void): void {
    const { index, carriage, keys } = ready;
    const { counters } = this.options;
    const track = toldTrack(ready.track, this.policy);
    const repair = repairFor(ready.track, this.policy);
    const srtp = keys === undefined ? undefined : new SrtpReceiver(keys.receive, keys.rocs);
    const state: TrackState = {
      index,
      receiver: new TrackReceiver(track, counters, this.policy.unknownSsrc),
      order: carriage.lower === 'tcp' ? undefined : this.ordered(index, repair),
      sendRtcp: protectedBy(keys?.send, send),
      srtp,
      repair,
      changes: srtp !== undefined || repair !== undefined,
      timed: track.format.kind !== 'video' || this.policy.pictureTimes === 'camera',
    };
    this.tracks.push(state);
    if (carriage.lower === 'tcp') {
      this.rtpChannels[carriage.rtpChannel] = state;
      this.rtcpChannels[carriage.rtcpChannel] = state;
    } else {
      this.overUdp = true;
    }
  }

  /** Packets are repaired in the order in which they were sent. */
  private ordered(index: number, repair: PacketRepair | undefined): OrderedDelivery {
    const { clock, sink } = this.options;
    return new OrderedDelivery(
      clock,
      (packet) => {
        repair?.(packet, 0, packet.length, this.nowMs);
        sink.rtp(index, packet, 0, packet.length);
      },
      () => sink.flush(),
    );
  }

  /** The camera protects by another key from now on. */
  rekey(key: SrtpMasterKey): void {
    for (const { srtp } of this.tracks) srtp?.rekey(key);
  }

  /** PLAY is on its way: what arrives from now on counts. field: media before the response (Reolink, v4l2rtspserver). */
  open(): void {
    if (this.policy.earlyMedia === 'take') this.phase = 'open';
  }

  /** The server answered PLAY. */
  begin(): void {
    this.silentSinceMs = this.options.clock.monotonicMs();
    this.watch();
    this.scheduleReport();
    // Last, for the owner may close us in answer.
    if (this.phase === 'open' || this.phase === 'setup') this.goOnline();
  }

  /** To be called before the packets of one socket read, so that they share one arrival time. */
  startRead(): void {
    this.nowMs = this.options.clock.monotonicMs();
  }

  /** One `$` frame: `length` bytes of `buf` at `offset`. */
  interleaved(channel: number, buf: Buffer, offset: number, length: number): void {
    const forRtp = this.rtpChannels[channel];
    if (forRtp !== undefined) {
      this.rtp(forRtp, buf, offset, length);
      return;
    }
    const forRtcp = this.rtcpChannels[channel];
    if (forRtcp !== undefined) this.rtcp(forRtcp, buf, offset, length);
    else if (!this.closed) this.unassigned(channel);
  }

  private unassigned(channel: number): void {
    this.options.counters.dropped.channel += 1;
    this.options.counters.tolerated.add('unassigned-channel');
    if (this.policy.unassignedChannel === 'reconnect' && this.phase === 'online')
      this.options.events.mixedUp(`the camera sends on channel ${channel}, which it was not given`);
  }

  /** To be called after the packets of one socket read. */
  endRead(): void {
    if (!this.unflushed) return;
    this.unflushed = false;
    if (!this.closed) this.options.sink.flush();
  }

  /** One datagram, which is kept until it is delivered. Datagrams of one event-loop turn are flushed together. */
  datagram(index: number, packet: Buffer, rtcp: boolean): boolean {
    const track = this.tracks[index];
    if (track === undefined) return false;
    this.startRead();
    const taken = rtcp
      ? this.rtcp(track, packet, 0, packet.length)
      : this.rtp(track, packet, 0, packet.length);
    if (this.unflushed && !this.flushPending) {
      this.flushPending = true;
      setImmediate(() => {
        this.flushPending = false;
        this.endRead();
      });
    }
    return taken;
  }

  /** Ends everything; nothing is passed on any more. */
  close(): void {
    if (this.closed) return;
    this.endRead();
    this.phase = 'closed';
    this.options.counters.lostBefore += this.lost;
    this.watchTimer?.cancel();
    this.reportTimer?.cancel();
    for (const { order } of this.tracks) order?.close();
    this.tracks.length = 0;
    this.rtpChannels.fill(undefined);
    this.rtcpChannels.fill(undefined);
  }

  private get closed(): boolean {
    return this.phase === 'closed';
  }

  private rtp(track: TrackState, buf: Buffer, offset: number, length: number): boolean {
    if (this.phase === 'setup') {
      this.options.counters.dropped.channel += 1;
      this.options.counters.tolerated.add('early-media');
      return false;
    }
    const plainLength = track.srtp === undefined ? length : track.srtp.rtp(buf, offset, length);
    if (plainLength === 0 && track.srtp !== undefined) return this.notProtected();
    const verdict = track.receiver.accept(buf, offset, plainLength, this.nowMs);
    if (verdict === 'dropped') return false;
    this.lastPacketMs = this.nowMs;
    if (this.phase === 'open') this.goOnlineEarly();
    if (verdict === 'new-epoch') this.startEpoch(track);
    // Being told of it, the owner may have closed us.
    if (this.closed) return true;
    this.unflushed = true;
    if (track.order !== undefined)
      track.order.push(buf.subarray(offset, offset + plainLength), this.nowMs);
    else if (!track.changes) this.options.sink.rtp(track.index, buf, offset, length);
    else this.passChanged(track, buf.subarray(offset, offset + plainLength));
    return true;
  }

  /** A buffer of its own, for packets behind this one are still to be deciphered or repaired in place. */
  private passChanged({ index, repair }: TrackState, packet: Buffer): void {
    repair?.(packet, 0, packet.length, this.nowMs);
    this.options.sink.rtp(index, packet, 0, packet.length);
  }

  private rtcp(track: TrackState, buf: Buffer, offset: number, length: number): boolean {
    const plainLength = track.srtp === undefined ? length : track.srtp.rtcp(buf, offset, length);
    if (plainLength === 0 && track.srtp !== undefined) return this.notProtected();
    let items: RtcpItem[];
    try {
      items = decodeRtcp(buf, offset, plainLength);
    } catch (error) {
      if (!(error instanceof NightjarError)) throw error;
      this.options.counters.dropped.malformed += 1;
      return false;
    }
    for (const item of items) {
      const { receiver } = track;
      if (item.type === 'sr' && track.timed && this.counts(item.ssrc, receiver)) {
        receiver.stats.senderReport(item.ntpMs, this.nowMs);
        this.options.sink.senderReport(track.index, item.ntpMs, item.rtpTimestamp);
      } else if (
        item.type === 'bye' &&
        this.policy.goodbye === 'believe' &&
        receiver.ssrc !== undefined &&
        item.ssrcs.includes(receiver.ssrc)
      ) {
        this.options.events.bye();
        break;
      }
    }
    return true;
  }

  /** Whether a sender report tells of the stream of a track. */
  private counts(ssrc: number, receiver: TrackReceiver): boolean {
    const { senderReports } = this.policy;
    if (receiver.ssrc === undefined || senderReports === 'ignore') return false;
    if (ssrc === receiver.ssrc) return true;
    this.options.counters.tolerated.add('foreign-reports');
    return senderReports === 'any';
  }

  private notProtected(): false {
    this.options.counters.dropped.srtp += 1;
    return false;
  }

  private goOnlineEarly(): void {
    this.options.counters.tolerated.add('early-media');
    this.goOnline();
  }

  private goOnline(): void {
    this.phase = 'online';
    this.options.events.online(this.described());
  }

  private startEpoch(track: TrackState): void {
    track.order?.reset();
    this.endRead();
    this.options.events.newEpoch(this.described(), `the SSRC of track ${track.index} changed`);
  }

  private described(): readonly SdpTrack[] {
    return this.tracks.map(({ receiver }) => receiver.track);
  }

  /** One timer for the whole connection, set to the earliest moment at which silence can be too long. */
  private watch(): void {
    const { clock, inactivityMs } = this.options;
    const limitMs =
      this.overUdp && this.lastPacketMs === undefined ? FIRST_DATAGRAM_MS : inactivityMs;
    const since = Math.max(this.silentSinceMs, this.lastPacketMs ?? this.silentSinceMs);
    const remainingMs = since + Math.min(limitMs, inactivityMs) - clock.monotonicMs();
    if (remainingMs <= 0) this.options.events.silent(this.lastPacketMs !== undefined);
    else this.watchTimer = clock.setTimer(Math.ceil(remainingMs), () => this.watch());
  }

  private scheduleReport(): void {
    if (this.policy.receiverReports === 'off') return;
    const { clock, ssrc, cname } = this.options;
    this.reportTimer = clock.setTimer(RECEIVER_REPORT_INTERVAL_MS, () => {
      this.scheduleReport();
      const nowMs = clock.monotonicMs();
      for (const { receiver, sendRtcp } of this.tracks) {
        const reports = receiver.ssrc === undefined ? [] : [receiver.stats.report(nowMs)];
        sendRtcp(encodeReceiverReport({ ssrc, cname, reports }));
      }
    });
  }
}

/** Reports go out as media come in: protected, where a key was agreed on. */
function protectedBy(
  key: SrtpMasterKey | undefined,
  send: (packet: Buffer) => void,
): (packet: Buffer) => void {
  if (key === undefined) return send;
  const sender = new SrtpSender(key);
  return (packet) => send(sender.rtcp(packet));
}
