import type { AddressRange } from './address-range.js';
import type { PasswordHash } from './password-hash.js';
import type { CAMERA_ACTIONS, ROLES } from './schema-access.js';

export type CameraAction = (typeof CAMERA_ACTIONS)[number];
export type RoleOfUser = (typeof ROLES)[number];

/** Actions at some cameras; with neither `cameras` nor `groups`: at all. */
export interface PermissionConfig {
  readonly actions: readonly CameraAction[];
  readonly cameras?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
}

export interface UserConfig {
  /** As it was read; undefined where there are hashes. */
  readonly password?: string | undefined;
  readonly passwordHashes?: readonly PasswordHash[] | undefined;
  /** Undefined where `permissions` say it. */
  readonly role?: RoleOfUser | undefined;
  /** Names of the cameras that the role is for; without them and groups: all. */
  readonly cameras?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly permissions?: readonly PermissionConfig[] | undefined;
  /** undefined = from anywhere. */
  readonly allowFrom?: readonly AddressRange[] | undefined;
}

export interface AccessConfig {
  /** undefined = from anywhere. */
  readonly allowFrom: readonly AddressRange[] | undefined;
  /** Wrong passwords per address: so many at once, and as many again in the window. */
  readonly logins: { readonly tries: number; readonly windowMs: number };
  readonly signedUrls: { readonly maxAgeMs: number };
  /** How long decisions are kept that were written down. */
  readonly auditMaxAgeMs: number;
}

/** Where a bandwidth is undefined there is no such limit. */
export interface LimitsConfig {
  readonly connections: number;
  readonly connectionsPerAddress: number;
  readonly silentConnections: number;
  readonly silentTimeoutMs: number;
  readonly requestsPerSecond: number;
  readonly requestsPerSecondPerAddress: number;
  readonly httpRequestsPerSecond: number;
  readonly httpConnections: number;
  readonly httpConnectionsPerAddress: number;
  readonly readersPerStream: number;
  readonly readerBytesPerSecond: number | undefined;
  readonly streamBytesPerSecond: number | undefined;
  readonly publishers: number;
  readonly cameraConnections: number;
  readonly startingCameras: number;
  /** Resident memory of one media process; undefined: by what the machine has. */
  readonly memoryBytes: number | undefined;
  /** 0 to 1, of the event loop's time. */
  readonly cpu: number;
}
