import type { CameraTolerance } from './tolerated.js';

/** Packets that were not passed on, by cause. */
export interface DropCounts {
  /** Not RTP or RTCP. */
  malformed: number;
  /** A payload type the SDP does not name for the track. */
  payloadType: number;
  /** Another SSRC than the stream's, usually left over from an older session. */
  ssrc: number;
  /** A `$` channel that no track was given, or media before PLAY. */
  channel: number;
  /** A datagram from another host or port than the camera's. */
  address: number;
  /** SRTP that is not the camera's: altered, repeated, or under a key that was not agreed on. */
  srtp: number;
}

/** Counters of one source over all its connections. */
export class SourceCounters {
  connects = 0;
  packets = 0;
  /** RTP bytes with their headers. */
  bytes = 0;
  /** Lost on connections and epochs that have ended. */
  lostBefore = 0;
  readonly dropped: DropCounts = {
    malformed: 0,
    payloadType: 0,
    ssrc: 0,
    channel: 0,
    address: 0,
    srtp: 0,
  };
  /** What was met that is borne, but for what the drops tell. */
  readonly tolerated = new Set<CameraTolerance>();

  /** All that was met that is borne. */
  get quirks(): CameraTolerance[] {
    const { payloadType, ssrc } = this.dropped;
    const dropped: CameraTolerance[] = [];
    if (payloadType > 0) dropped.push('foreign-payload-type');
    if (ssrc > 0) dropped.push('leftover-packets');
    return [...this.tolerated, ...dropped];
  }
}
