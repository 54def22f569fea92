/** One media profile of a device, as it says. Its texts are the device's own. */
export interface DeviceProfile {
  readonly token: string;
  readonly name: string | undefined;
  /** `H264`, `H265`, `JPEG` ...; undefined: a profile without video. */
  readonly codec: string | undefined;
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly framesPerSecond: number | undefined;
  /** Frames from one keyframe to the next. */
  readonly gopFrames: number | undefined;
  readonly bitrateKbps: number | undefined;
  readonly audioCodec: string | undefined;
  /** Token of what pans and tilts; undefined: nothing does. */
  readonly ptz: string | undefined;
  /** Token of its video encoder. */
  readonly encoder: string | undefined;
  /** Without userinfo, on the device or where it may send us. */
  readonly streamUrl: string | undefined;
  readonly snapshotUrl: string | undefined;
}

/** What a device answered when it was asked who and how it is; undefined: it did not tell. */
export interface DeviceReading {
  readonly serial: string | undefined;
  readonly make: string | undefined;
  readonly model: string | undefined;
  readonly firmware: string | undefined;
  readonly hardware: string | undefined;
  /** Services it offers: `device`, `media`, `media2`, `events`, `ptz` ... */
  readonly capabilities: readonly string[] | undefined;
  readonly profiles: readonly DeviceProfile[] | undefined;
  /** Its clock minus ours. */
  readonly clockOffsetMs: number | undefined;
}

/** An answer to a search, or an announcement. */
export interface DeviceSighting {
  /** Its endpoint reference (WS-Addressing), stable over restarts and addresses. */
  readonly endpoint: string;
  /** From where it was heard. */
  readonly address: string;
  /** Of its device service, the best first. */
  readonly serviceUrls: readonly string[];
  readonly scopes: readonly string[];
  readonly name: string | undefined;
  readonly hardware: string | undefined;
}

/** One thing that is not as it was when the device was last accepted as it is. */
export interface DeviceChange {
  /** `address`, `firmware`, `profile <token> codec` ... */
  readonly what: string;
  readonly before: string | null;
  readonly after: string | null;
  /** Wall time at which it was noticed, Unix epoch milliseconds. */
  readonly atMs: number;
}

export type DeviceDecision = 'new' | 'adopted' | 'ignored';

/** A device that was found in the network. */
export interface Device extends DeviceReading {
  readonly capabilities: readonly string[];
  readonly profiles: readonly DeviceProfile[];
  readonly id: number;
  readonly endpoint: string;
  readonly name: string | undefined;
  /** Where it was heard from, the newest first. */
  readonly addresses: readonly string[];
  readonly serviceUrls: readonly string[];
  readonly scopes: readonly string[];
  readonly decision: DeviceDecision;
  /** Name of the camera that it became. */
  readonly camera: string | undefined;
  readonly changes: readonly DeviceChange[];
  /** Why it could not be read, in words; undefined: it could, or was not asked yet. */
  readonly problem: string | undefined;
  /** Wall times, Unix epoch milliseconds. */
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** When it answered what it was asked; undefined: never. */
  readonly readAtMs: number | undefined;
  /** When it said good-bye; undefined: it did not, or came back. */
  readonly leftAtMs: number | undefined;
}
