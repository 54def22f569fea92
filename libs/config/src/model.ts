/** The validated configuration: defaults applied, secrets read, durations in milliseconds, sizes in bytes. */
export interface NightjarConfig {
  readonly version: 1;
  /** Absolute path. */
  readonly dataDir: string;
  readonly rtsp: RtspConfig;
  readonly relay: RelayConfig;
  readonly http: ListenConfig;
  readonly operations: ListenConfig;
  readonly volumes: Readonly<Record<string, VolumeConfig>>;
  /** `auto`: by cameras and cores. */
  readonly media: { readonly processes: 'auto' | number };
  readonly recording: RecordingConfig;
  /** `url` undefined: the appliance runs an embedded PostgreSQL. */
  readonly database: { readonly url: string | undefined };
  /** `url` undefined with backend `postgres`: the queue lives in the catalog's database. */
  readonly queue: { readonly backend: 'postgres' | 'redis'; readonly url: string | undefined };
  readonly retention: { readonly intervalMs: number };
  readonly users: Readonly<Record<string, UserConfig>>;
  readonly cameras: Readonly<Record<string, CameraConfig>>;
  readonly log: LogConfig;
}

export interface ListenConfig {
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
}

export interface RtspConfig extends ListenConfig {
  /** Whether readers may set up UDP transport. */
  readonly udp: boolean;
  /** Even port for RTP over UDP, with RTCP on the next one; 0 lets the kernel choose. */
  readonly udpPort: number;
  /** What a UDP reader gets at once, and again after each interval, at most. */
  readonly udpBurstBytes: number;
  readonly udpBurstIntervalMs: number;
  readonly multicast: MulticastConfig;
  /** An on-demand source leaves its camera this long after its last reader. */
  readonly closeAfterMs: number;
  /** Bytes that may wait for one reader before it skips to a keyframe. */
  readonly maxReaderQueueBytes: number;
  /** A reader waits this long for an on-demand source to deliver. */
  readonly startTimeoutMs: number;
}

export interface MulticastConfig {
  readonly enabled: boolean;
  /** IPv4 multicast addresses, as `239.192.0.0/16`. */
  readonly range: string;
  /** Even. */
  readonly firstPort: number;
  /** Inclusive. */
  readonly lastPort: number;
  readonly ttl: number;
  /** Local IPv4 address; undefined: as the routing table has it. */
  readonly interface: string | undefined;
}

export interface RelayConfig {
  /** Memory that the GOP caches of one media process may keep together. */
  readonly gopCacheBytes: number;
}

export interface VolumeConfig {
  /** Absolute path. */
  readonly path: string;
  readonly minFreeBytes: number;
}

export interface RecordingConfig {
  readonly segmentMs: number;
  readonly fragmentMs: number;
  /** When written data is forced to the disk. */
  readonly sync: 'fragment' | 'segment' | 'none';
  /** Bytes per stream that may wait for the disk. */
  readonly queueBytes: number;
}

export interface UserConfig {
  readonly password: string;
  readonly role: 'admin' | 'viewer';
  /** Names of the cameras a viewer may see; undefined = all. */
  readonly cameras: readonly string[] | undefined;
}

export interface CameraConfig {
  readonly name: string;
  /** By stream name; `main` is always there. */
  readonly streams: Readonly<Record<string, StreamConfig>>;
  readonly credentials: CameraCredentials | undefined;
  /** undefined = never recorded. */
  readonly record: { readonly stream: string; readonly mode: 'continuous' | 'off' } | undefined;
  readonly retention: {
    readonly maxAgeMs: number | undefined;
    readonly maxBytes: number | undefined;
  };
  readonly reconnect: ReconnectConfig;
  /** A source without a packet for so long is stalled. */
  readonly inactivityMs: number;
}

export interface StreamConfig {
  /** `rtsp://`, without userinfo. */
  readonly url: string;
  /** `auto`: TCP interleaved, then UDP when the camera refuses it. */
  readonly transport: 'auto' | 'tcp' | 'udp';
}

export interface CameraCredentials {
  readonly username: string;
  readonly password: string;
}

export interface ReconnectConfig {
  readonly initialMs: number;
  readonly maxMs: number;
  /** undefined = for ever. */
  readonly tries: number | undefined;
}

export interface LogConfig {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** `auto`: pretty on a terminal, JSON elsewhere. */
  readonly format: 'auto' | 'json' | 'pretty';
}
