import type { DiscoveryHost } from './discovery-host.js';

/** How cameras are looked for. */
export interface DiscoveryConfig {
  readonly mode: 'multicast' | 'unicast' | 'both' | 'off';
  readonly intervalMs: number;
  /** Names of the interfaces that are searched; undefined: all. */
  readonly interfaces: readonly string[] | undefined;
  /** All that the unicast search asks. */
  readonly hosts: readonly DiscoveryHost[];
  /** Hosts asked per second at most. */
  readonly hostsPerSecond: number;
}

/** The ONVIF side of one camera. */
export interface CameraOnvifConfig {
  /** Endpoint reference or serial number. */
  readonly device: string;
  readonly address: 'fixed' | 'by-serial';
  readonly events: boolean;
  readonly passwordText: boolean;
  readonly allowHosts: readonly string[];
}
