import type { MountAccess } from './mount.js';
import type { UdpDropReason } from '../udp/drop-reason.js';

/** Who is served. */
export interface ServedClient {
  readonly principal: string | undefined;
  readonly address: string;
}

/** What the server tells its surroundings; every call is cheap and synchronous. */
export interface RtspServerEvents {
  /** @param method one that is served, or `other` */
  request?(method: string, status: number): void;
  /** How long it took to find the answer to a request. */
  took?(method: string, ms: number): void;
  /** RTP packets for UDP or multicast readers were given up. */
  udpDropped?(reason: UdpDropReason, packets: number): void;
  /** A session plays or records for the first time: it had these rights. */
  granted?(access: readonly MountAccess[], client: ServedClient): void;
  /** Somebody asked for what they may not. */
  denied?(
    access: Pick<MountAccess, 'action'> & { readonly camera?: string },
    client: ServedClient,
  ): void;
  /** An error that is a defect of ours, not of a client. */
  failed?(error: unknown): void;
}
