import type { z } from 'zod';
import type { AddressRange } from './access/address-range.js';
import type { CameraOnvifConfig, DiscoveryConfig } from './discovery/model-discovery.js';
import type { AccessConfig, LimitsConfig, UserConfig } from './access/model-access.js';
import type { quirks } from './schema-quirks.js';

/** The validated configuration: defaults applied, secrets read, durations in milliseconds, sizes in bytes. */
export interface NightjarConfig {
  readonly version: 1;
  /** Absolute path. */
  readonly dataDir: string;
  readonly rtsp: RtspConfig;
  readonly relay: RelayConfig;
  readonly http: HttpConfig;
  readonly onvif: OnvifConfig;
  readonly operations: ListenConfig;
  readonly volumes: Readonly<Record<string, VolumeConfig>>;
  /** `auto`: by cameras and cores. */
  readonly media: { readonly processes: 'auto' | number };
  readonly files: {
    /** Absolute path of the folder whose files are served; undefined: none are. */
    readonly root: string | undefined;
    /** Files that one media process has open at once at most. */
    readonly maxOpen: number;
  };
  readonly recording: RecordingConfig;
  /** `url` undefined: the appliance runs an embedded PostgreSQL. */
  readonly database: { readonly url: string | undefined };
  readonly queue: QueueConfig;
  readonly retention: {
    readonly intervalMs: number;
    /** 0 to 1, of the footage on a volume: a sweep that would delete more asks first. */
    readonly maxShare: number;
  };
  readonly events: {
    /** Absolute path of a file or named pipe that events are read from. */
    readonly file: string | undefined;
    readonly maxAgeMs: number;
  };
  readonly discovery: DiscoveryConfig;
  readonly integrity: IntegrityConfig;
  readonly exports: ExportsConfig;
  readonly pictures: {
    /** A name on the PATH, or an absolute path; then what comes before the arguments of ffmpeg itself. */
    readonly ffmpeg: readonly string[];
  };
  readonly groups: Readonly<Record<string, { readonly retention: RetentionPolicy }>>;
  readonly schedules: Readonly<Record<string, ScheduleConfig>>;
  readonly users: Readonly<Record<string, UserConfig>>;
  readonly access: AccessConfig;
  readonly limits: LimitsConfig;
  readonly cameras: Readonly<Record<string, CameraConfig>>;
  readonly log: LogConfig;
}

export interface OnvifConfig {
  readonly enabled: boolean;
  readonly name: string;
  readonly location: string | undefined;
  /** Lower case. */
  readonly hosts: readonly string[];
  /** `interfaces` undefined: all but loopback. */
  readonly discovery: {
    readonly enabled: boolean;
    readonly interfaces: readonly string[] | undefined;
  };
}

export interface ListenConfig {
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
}

export interface HttpConfig extends ListenConfig {
  /** Whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly AddressRange[] | undefined;
  /** Where RTSP goes that comes here in tunnels and WebSockets. */
  readonly rtspServer: ListenConfig;
}

export interface RtspConfig extends ListenConfig {
  /** Whether readers may set up UDP transport. */
  readonly udp: boolean;
  /** Even port for RTP over UDP, with RTCP on the next one; 0 lets the kernel choose. */
  readonly udpPort: number;
  /** What a UDP reader gets at once, and again after each interval, at most. */
  readonly udpBurstBytes: number;
  readonly udpBurstIntervalMs: number;
  readonly sessionTimeoutMs: number;
  /** Whether readers that come by TLS are offered SRTP. */
  readonly srtp: boolean;
  readonly multicast: MulticastConfig;
  /** Undefined: TLS is not offered. */
  readonly tls: ServerTlsConfig | undefined;
  /** Origins of web pages that may open WebSockets; `*` is any. */
  readonly webSocketOrigins: readonly string[];
  /** An on-demand source leaves its camera this long after its last reader. */
  readonly closeAfterMs: number;
  /** Bytes that may wait for one reader before it skips to a keyframe. */
  readonly maxReaderQueueBytes: number;
  /** A reader waits this long for an on-demand source to deliver. */
  readonly startTimeoutMs: number;
}

export interface ServerTlsConfig {
  /** Absolute paths. */
  readonly certFile: string;
  readonly keyFile: string;
  /** Whether the pair is made where it is missing. */
  readonly selfSigned: boolean;
  /** Of a listener beside the one that takes everything. */
  readonly port: number | undefined;
  /** Whether clients in the clear are sent away. */
  readonly required: boolean;
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
  readonly maxBytes: number | undefined;
  /** Bounds of what cameras say about their footage on it. Absent: none. */
  readonly ages?: VolumeAges;
  /** `read-only`: neither written nor deleted from; `draining`: not written, emptied by retention. */
  readonly state: 'active' | 'read-only' | 'draining';
  /** Whether an empty folder without an identity is taken as this volume by itself. */
  readonly adopt: 'never' | 'empty';
}

/** Like those of a {@link RetentionPolicy}; undefined: none of its own. */
export interface VolumeAges {
  readonly maxAgeMs: number | undefined;
  readonly minAgeMs: number | undefined;
  readonly eventMaxAgeMs: number | undefined;
}

export interface ExportsConfig {
  /** Absolute path. */
  readonly directory: string;
  /** An export is deleted this long after it was asked for. */
  readonly maxAgeMs: number;
  /** Of all exports together. */
  readonly maxBytes: number;
}

export interface IntegrityConfig {
  readonly intervalMs: number;
  readonly maxBytesPerSecond: number;
  readonly checkpoints: boolean;
}

/** Times of the week in one time zone. Clock times are minutes since local midnight, 0 to 1440. */
export interface ScheduleConfig {
  /** IANA name. */
  readonly timeZone: string;
  readonly weekly: readonly WeeklyRule[];
  /** Of several for one day the last counts. */
  readonly exceptions: readonly ScheduleException[];
}

/** An end that is not after the start lies on the next day. */
export interface DaySpan {
  readonly fromMinutes: number;
  readonly toMinutes: number;
}

export interface WeeklyRule extends DaySpan {
  /** ISO 8601: 1 is Monday, 7 Sunday. Days on which the span begins. */
  readonly days: readonly number[];
}

export interface ScheduleException {
  /** Local date as `2026-12-24`, first and last day included. */
  readonly firstDate: string;
  readonly lastDate: string;
  /** What holds instead of the weekly rules: nothing when empty. */
  readonly hold: readonly DaySpan[];
}

/** How long footage is kept; undefined: no such rule. */
export interface RetentionPolicy {
  readonly maxAgeMs: number | undefined;
  readonly maxBytes: number | undefined;
  /** Younger footage is not deleted by any rule. */
  readonly minAgeMs: number | undefined;
  readonly events:
    { readonly maxAgeMs: number; readonly types: readonly string[] | undefined } | undefined;
}

export interface QueueConfig {
  readonly backend: 'postgres' | 'redis';
  /** Password and all. Undefined with backend `postgres`: the queue lives in the catalog's database. */
  readonly url: string | undefined;
  /** Authorities that a `rediss:` server may be vouched for by, PEM; undefined: those of the system. */
  readonly ca: string | undefined;
}

export interface RecordingConfig {
  readonly segmentMs: number;
  readonly fragmentMs: number;
  /** When written data is forced to the disk. */
  readonly sync: 'fragment' | 'segment' | 'none';
  /** Bytes per stream that may wait for the disk. */
  readonly queueBytes: number;
  readonly placement: 'order' | 'free-space';
  readonly whenFull: 'stop-lowest-priority' | 'alarm';
}

export interface CameraConfig {
  readonly name: string;
  /** By stream name; `main` is always there. */
  readonly streams: Readonly<Record<string, StreamConfig>>;
  /** For all that is asked of it but streams that have their own. */
  readonly credentials: CameraCredentials | undefined;
  /** undefined: what the authorities of the system vouch for is taken. */
  readonly tls?: CameraTlsConfig | undefined;
  readonly onvif?: CameraOnvifConfig | undefined;
  /** Whether it was adopted and is kept by Nightjar; else it is declared in the file. */
  readonly managed?: boolean | undefined;
  /** Beside its own. */
  readonly redirectHosts?: readonly string[] | undefined;
  /** By stream, of all streams. */
  readonly whenOffline: Readonly<Record<string, WhenOfflineConfig>>;
  /** At most one per stream; the first is what is played back when no stream is named. Empty: never recorded. */
  readonly record: readonly RecordConfig[];
  /** Of the camera itself; what is undefined is taken from its group. */
  readonly retention: RetentionPolicy;
  readonly group: string | undefined;
  /** Preferred first; undefined: all volumes. */
  readonly volumes: readonly string[] | undefined;
  /** 0 to 100; the lowest stop recording first when the disks are full. */
  readonly priority: number;
  readonly reconnect: ReconnectConfig;
  /** A source without a packet for so long is stalled. */
  readonly inactivityMs: number;
}

/** When one stream is recorded. */
export interface RecordConfig {
  readonly stream: string;
  readonly mode: 'continuous' | 'schedule' | 'event' | 'off';
  /** Name of a schedule: required for `schedule`, a limit for `event`. */
  readonly schedule: string | undefined;
  readonly event: EventRecordConfig;
}

export interface EventRecordConfig {
  /** undefined: events of every type. */
  readonly types: readonly string[] | undefined;
  readonly preRollMs: number;
  readonly preRollBytes: number;
  readonly postRollMs: number;
  /** An event that nobody ends counts as ended after this. */
  readonly maxLengthMs: number;
  /** While events cannot be heard. */
  readonly whenUnheard: 'record' | 'wait';
}

/** What players of a stream see while its camera is away. */
export interface WhenOfflineConfig {
  readonly strategy: 'hold' | 'disconnect' | 'slate' | 'fallback';
  /** The other stream: for `fallback` alone. */
  readonly fallback: { readonly camera: string; readonly stream: string } | undefined;
  /** How long the camera must be away. */
  readonly afterMs: number;
}

export type StreamConfig = PulledStreamConfig | PublishedStreamConfig;

/** Sent to us by an encoder (ANNOUNCE and RECORD). */
export interface PublishedStreamConfig {
  readonly source: 'publish';
  /** What happens to who publishes while another does. */
  readonly secondPublisher: 'refuse' | 'replace';
}

/** Fetched from a camera. */
export interface PulledStreamConfig {
  readonly source: 'pull';
  /** `rtsp://` or `rtsps://`, without userinfo. */
  readonly url: string;
  /** `auto`: TCP interleaved, then UDP when the camera refuses it. */
  readonly transport: 'auto' | 'tcp' | 'udp' | 'multicast' | 'http' | 'websocket';
  /** URL of the tunnel or WebSocket; undefined: as the stream's. */
  readonly via?: string | undefined;
  /** Whether to ask for the ONVIF back channel. */
  readonly backchannel: boolean;
  readonly quirks: QuirksConfig;
  /** Its own, else the camera's. */
  readonly credentials: CameraCredentials | undefined;
}

/** How a camera that has its ways is dealt with: one named policy for each. */
export type QuirksConfig = Readonly<z.output<typeof quirks>>;

export interface CameraTlsConfig {
  /** PEM; undefined: those of the system. */
  readonly ca: string | undefined;
  /** SHA-256, hex with or without colons. */
  readonly fingerprint: string | undefined;
  /** Any certificate is taken. */
  readonly insecure: boolean;
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
  readonly unauthorized: UnauthorizedConfig;
}

/** What to do when a camera refuses the login. */
export interface UnauthorizedConfig {
  /** In a row, of all streams of a camera. */
  readonly tries: number;
  /** After the first refusal; doubles. */
  readonly pauseMs: number;
  /** Between tries once those are used up; undefined = none until the credentials change. */
  readonly afterwardsMs: number | undefined;
}

export interface LogConfig {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** `auto`: pretty on a terminal, JSON elsewhere. */
  readonly format: 'auto' | 'json' | 'pretty';
}
