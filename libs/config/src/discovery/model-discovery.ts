import type { AddressRange } from '../access/address-range.js';
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
  /** Which devices become cameras by themselves; undefined: none. */
  readonly adopt?: AdoptConfig | undefined;
}

export interface AdoptConfig {
  /** Cameras that Nightjar keeps, however they were adopted, from which on rules adopt nothing. */
  readonly limit: number;
  /** The first that matches counts. */
  readonly rules: readonly AdoptRule[];
}

/** Devices that become cameras. All that is given must match. */
export interface AdoptRule {
  /** Name of the camera, with `{id}`, `{address}` and `{serial}` for what is of the device. */
  readonly name: string;
  /** Nobody elsewhere is sent the login. */
  readonly addresses: readonly AddressRange[];
  /** Patterns with `*` and `?`; case does not matter. */
  readonly make: string | undefined;
  readonly model: string | undefined;
  readonly serial: string | undefined;
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  readonly followsDevice: boolean;
  readonly record: 'continuous' | 'event' | undefined;
}

/** The ONVIF side of one camera. */
export interface CameraOnvifConfig {
  /** Endpoint reference or serial number. */
  readonly device: string;
  readonly address: 'fixed' | 'by-serial';
  readonly events: boolean;
  readonly passwordText: boolean;
  readonly allowHosts: readonly string[];
  /** How the camera is to be set; undefined: as it is. */
  readonly enforce: CameraSettings | undefined;
}

/** How a camera is to be set. What is undefined stays as it is. */
export interface CameraSettings {
  /** `dry-run`: what differs is told, nothing is set. */
  readonly mode: 'dry-run' | 'apply';
  /** Names or addresses of time servers, in order. */
  readonly ntp: readonly string[] | undefined;
  /** POSIX TZ. IEEE 1003.1 s.8.3 */
  readonly timeZone: string | undefined;
  /** Of each stream that is pulled. */
  readonly streams: Readonly<Record<string, EncoderSettings>>;
}

/** How the encoder of one stream is to be set. */
export interface EncoderSettings {
  readonly codec?: 'H264' | 'H265' | undefined;
  readonly resolution?: { readonly width: number; readonly height: number } | undefined;
  /** Frames per second. */
  readonly frameRate?: number | undefined;
  /** Kilobits per second. */
  readonly bitrate?: number | undefined;
  /** Frames from one keyframe to the next; `frame-rate`: as many as there are in a second. */
  readonly gop?: number | 'frame-rate' | undefined;
}
