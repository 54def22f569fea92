/** What a receiver says of one source (RFC 3550 s.6.4.1). */
export interface ReportBlock {
  /** The source reported on. */
  readonly ssrc: number;
  /** Lost since the report before, in 1/256 of what was expected: 0-255. */
  readonly fractionLost: number;
  /** Lost since the start, signed 24 bits; negative when duplicates outnumber losses. */
  readonly cumulativeLost: number;
  /** Extended highest sequence number, 32 bits. */
  readonly highestSequence: number;
  /** Interarrival jitter in RTP ticks, 32 bits. */
  readonly jitterTicks: number;
  /** LSR: middle 32 bits of the NTP time of the last sender report; 0 when there was none. */
  readonly lastSenderReport: number;
  /** DLSR: time since that report, in 1/65536 s; 0 when there was none. */
  readonly delaySinceLastSenderReport: number;
}

/** One packet of a compound RTCP packet; each SDES chunk with a CNAME is an item of its own. */
export type RtcpItem =
  | {
      readonly type: 'sr';
      readonly ssrc: number;
      /** Sender's wall clock, Unix epoch in ms with fraction; NaN when the sender has none (zero on the wire). */
      readonly ntpMs: number;
      /** The same instant on the track's RTP clock, 32 bits. */
      readonly rtpTimestamp: number;
      readonly packets: number;
      readonly octets: number;
      readonly reports: ReportBlock[];
    }
  | { readonly type: 'rr'; readonly ssrc: number; readonly reports: ReportBlock[] }
  | {
      readonly type: 'sdes';
      readonly ssrc: number;
      readonly cname: string;
      /** NOTE: how the source is just now (RFC 3550 s.6.5.7). */
      readonly note?: string;
    }
  | { readonly type: 'bye'; readonly ssrcs: number[] }
  | { readonly type: 'other'; readonly payloadType: number };

/** RTCP payload types (RFC 3550 s.12.1). */
export const RTCP_TYPE = { sr: 200, rr: 201, sdes: 202, bye: 203 } as const;
export const SDES_CNAME = 1;
export const SDES_NOTE = 7;
export const REPORT_BLOCK_BYTES = 24;
