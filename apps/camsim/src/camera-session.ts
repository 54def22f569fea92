import { randomInt } from 'node:crypto';
import { encodeSenderReport, RTP_HEADER_BYTES, rewriteHeader } from '@nightjar/rtp';
import type { MountStream, PlayAnswer, StreamOutput } from '@nightjar/relay';
import type { EncodedUnit } from './encoder.js';
import { writeFrameStamp } from './frame-stamp.js';

/** What a session needs of its camera. */
export interface SessionHost {
  readonly trackCount: number;
  readonly counters: { packets: number; bytes: number; lost: number };
  /** Monotonic nanoseconds for frame stamps. */
  nowNs(): bigint;
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Decides for one packet whether it gets lost on the way. */
  losesPacket(): boolean;
  /** Starts delivery; the RTP timestamps with which it begins, if they are known yet. */
  join(session: CameraSession): readonly number[] | undefined;
  leave(session: CameraSession): void;
  /** The session is over, after {@link leave}. */
  closed(session: CameraSession): void;
  /** One RTP packet for the loudspeaker. */
  said(buf: Buffer, offset: number, length: number): void;
}

const REPORT_INTERVAL_MS = 5_000;
const CNAME = 'camsim';

/** RTP state of one track in one session. */
interface TrackState {
  readonly ssrc: number;
  sequence: number;
  packets: number;
  octets: number;
  reportDueMs: number;
}

/** What one RTSP session gets of a camera: each session has its own SSRCs and sequence numbers, timestamps are shared. */
export class CameraSession implements MountStream {
  private readonly tracks: TrackState[];
  /** Nothing leaves before the next keyframe: at the start, and after the client was behind. */
  private awaitsKeyframe = true;
  private behind = false;

  constructor(
    private readonly host: SessionHost,
    private readonly output: StreamOutput,
  ) {
    this.tracks = Array.from({ length: host.trackCount }, (_, track) => ({
      ssrc: output.ssrc(track),
      sequence: randomInt(2 ** 16),
      packets: 0,
      octets: 0,
      reportDueMs: -Infinity,
    }));
  }

  play(): Promise<PlayAnswer> {
    const timestamps = this.host.join(this);
    const rtpInfo = this.tracks.map((state, track) => {
      const rtptime = timestamps?.[track];
      return { track, seq: state.sequence, ...(rtptime !== undefined && { rtptime }) };
    });
    return Promise.resolve({ range: 'npt=now-', rtpInfo });
  }

  pause(): Promise<{ readonly range?: string }> {
    this.host.leave(this);
    this.awaitsKeyframe = true;
    return Promise.resolve({});
  }

  close(): void {
    this.host.leave(this);
    this.host.closed(this);
  }

  /** The track behind those of the camera is its loudspeaker. */
  receive(track: number, rtcp: boolean, buf: Buffer, offset: number, length: number): void {
    if (track === this.host.trackCount && !rtcp) this.host.said(buf, offset, length);
  }

  /** Queues the packets of a unit; {@link flush} sends them. */
  deliver(unit: EncodedUnit): void {
    if (this.behind) return;
    if (this.awaitsKeyframe) {
      if (unit.track !== 0 || !unit.packets.keyframe) return;
      this.awaitsKeyframe = false;
    }
    const state = this.tracks[unit.track]!;
    const { packets, stamp } = unit.packets;
    if (stamp !== undefined) {
      const sentNs = this.host.nowNs();
      writeFrameStamp(stamp.packet, stamp.offset, { frame: unit.frame, sentNs });
    }
    for (const packet of packets) this.send(unit, state, packet);
    this.report(unit, state);
  }

  flush(): void {
    if (this.behind || this.output.flush()) return;
    this.behind = true;
    void this.output.drained().then(() => {
      this.behind = false;
      this.awaitsKeyframe = true;
    });
  }

  private send(unit: EncodedUnit, state: TrackState, packet: Buffer): void {
    rewriteHeader(packet, 0, state.ssrc, state.sequence, unit.timestamp);
    state.sequence = (state.sequence + 1) & 0xffff;
    state.packets += 1;
    state.octets += packet.length - RTP_HEADER_BYTES;
    const { counters } = this.host;
    if (this.host.losesPacket()) {
      counters.lost += 1;
      return;
    }
    counters.packets += 1;
    counters.bytes += packet.length;
    this.output.send(unit.track, packet, false);
  }

  private report(unit: EncodedUnit, state: TrackState): void {
    const now = this.host.nowMs();
    if (now < state.reportDueMs) return;
    state.reportDueMs = now + REPORT_INTERVAL_MS;
    const { ssrc, packets, octets } = state;
    const report = encodeSenderReport({
      ssrc,
      wallMs: unit.wallMs,
      rtpTimestamp: unit.timestamp,
      packets: packets >>> 0,
      octets: octets >>> 0,
      cname: CNAME,
    });
    this.output.send(unit.track, report, true);
  }
}
