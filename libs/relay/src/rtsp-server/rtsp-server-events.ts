import type { UdpDropReason } from '../udp/drop-reason.js';

/** What the server tells its surroundings; every call is cheap and synchronous. */
export interface RtspServerEvents {
  request?(method: string, status: number): void;
  /** RTP packets for UDP or multicast readers were given up. */
  udpDropped?(reason: UdpDropReason, packets: number): void;
  /** An error that is a defect of ours, not of a client. */
  failed?(error: unknown): void;
}
