import {
  ReceiverStats,
  payloadTypeOf,
  rtpDefect,
  sequenceOf,
  ssrcOf,
  timestampOf,
} from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import type { MediaPolicy } from './media-policy.js';
import type { SourceCounters } from './source-counters.js';

/** This many packets of one new SSRC, with none of the latched one between, are a new stream and no leftover. */
const LASTING_SSRC_PACKETS = 8;

/** `new-epoch`: accepted, but sequence numbers and timestamps have nothing to do with those before. */
export type Verdict = 'accepted' | 'new-epoch' | 'dropped';

/** Decides which RTP packets are this track's, and measures them. Allocates nothing per packet. */
export class TrackReceiver {
  /** Loss and jitter of the current epoch. */
  stats: ReceiverStats;
  private latched: number | undefined;
  private candidate = -1;
  private candidateRun = 0;

  constructor(
    readonly track: SdpTrack,
    private readonly counters: SourceCounters,
    private readonly unknownSsrc: MediaPolicy['unknownSsrc'] = 'lasting',
  ) {
    this.stats = new ReceiverStats(track.format.clockRateHz);
  }

  /** SSRC of the stream, undefined before its first packet. */
  get ssrc(): number | undefined {
    return this.latched;
  }

  /**
   * Judges a packet in arrival order. field: packets of an older session (Reolink), of another payload type with
   * repeated sequence numbers (Geovision).
   */
  accept(buf: Buffer, offset: number, length: number, nowMs: number): Verdict {
    if (rtpDefect(buf, offset, length) !== undefined) {
      this.counters.dropped.malformed += 1;
      return 'dropped';
    }
    if (payloadTypeOf(buf, offset) !== this.track.format.payloadType) {
      this.counters.dropped.payloadType += 1;
      return 'dropped';
    }
    const ssrc = ssrcOf(buf, offset);
    let verdict: Verdict = 'accepted';
    if (ssrc === this.latched) {
      this.candidateRun = 0;
    } else if (this.latched === undefined) {
      this.latch(ssrc);
    } else if (this.lasting(ssrc)) {
      this.counters.lostBefore += this.stats.lost;
      this.stats = new ReceiverStats(this.track.format.clockRateHz);
      this.latch(ssrc);
      verdict = 'new-epoch';
    } else {
      this.counters.dropped.ssrc += 1;
      return 'dropped';
    }
    this.stats.packet(sequenceOf(buf, offset), timestampOf(buf, offset), nowMs);
    this.counters.packets += 1;
    this.counters.bytes += length;
    return verdict;
  }

  private latch(ssrc: number): void {
    this.latched = ssrc;
    this.stats.ssrc = ssrc;
    this.candidateRun = 0;
  }

  private lasting(ssrc: number): boolean {
    if (this.unknownSsrc !== 'lasting') return this.unknownSsrc === 'follow';
    this.candidateRun = ssrc === this.candidate ? this.candidateRun + 1 : 1;
    this.candidate = ssrc;
    return this.candidateRun >= LASTING_SSRC_PACKETS;
  }
}
