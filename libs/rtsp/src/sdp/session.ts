import type { TrackFormat } from '@nightjar/rtp';

/** One media section. */
export interface SdpTrack {
  readonly format: TrackFormat;
  /** `a=control` as given, '' when absent. */
  readonly control: string;
  /** From the server's side as ONVIF has it: `sendonly` is a backchannel. ONVIF Streaming s.5.3. */
  readonly direction: 'recvonly' | 'sendonly' | 'sendrecv' | 'inactive';
  /** Where it is sent to a multicast group, as `c=` and `m=` have it; the address as given. */
  readonly group?: {
    readonly address: string;
    readonly ports: readonly [rtp: number, rtcp: number];
    readonly ttl: number | undefined;
  };
  /** It is sent by SRTP: RTP/SAVP or RTP/SAVPF. */
  readonly srtp?: true;
  /** `a=key-mgmt` for MIKEY, as given (RFC 4567 s.3.1): a secret. */
  readonly keyMgmt?: string;
  /** `b=AS`, kbit/s. */
  readonly bandwidthKbps?: number;
}

/** What one DESCRIBE returns. RFC 8866. */
export interface SdpSession {
  /** '' when absent. */
  readonly name: string;
  readonly tracks: SdpTrack[];
  /** Aggregate control, '' when absent. */
  readonly control: string;
  /** `a=key-mgmt` for MIKEY that holds for all tracks without one of their own. */
  readonly keyMgmt?: string;
  /** `a=range` values. */
  readonly range?: string[];
}
