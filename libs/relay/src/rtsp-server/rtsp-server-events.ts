import type { UdpDropReason } from '../udp/drop-reason.js';

/** What the server tells its surroundings; every call is cheap and synchronous. */
export interface RtspServerEvents {
  /** @param method one that is served, or `other` */
  request?(method: string, status: number): void;
  /** How long it took to find the answer to a request. */
  took?(method: string, ms: number): void;
  /** RTP packets for UDP or multicast readers were given up. */
  udpDropped?(reason: UdpDropReason, packets: number): void;
  /** An error that is a defect of ours, not of a client. */
  failed?(error: unknown): void;
}
