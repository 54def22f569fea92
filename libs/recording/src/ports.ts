/** Why media that should have been recorded are missing. */
export type GapReason = string;

/** Why footage was thrown away before it reached the disk. */
export type DropReason = 'disk-slow' | 'disk-full' | 'disk-error' | 'packet-loss';

/** When written bytes are forced to the disk. */
export type SyncPolicy = 'fragment' | 'segment' | 'none';

/** The `recording` part of the configuration. */
export interface RecordingSettings {
  /** Segments begin at the first keyframe at or after each multiple of this. */
  readonly segmentMs: number;
  readonly fragmentMs: number;
  readonly sync: SyncPolicy;
  /** Bytes of one stream that may wait for the disk. */
  readonly queueBytes: number;
}

/** Where one stream's figures go. */
export interface RecordingMetrics {
  bytesWritten(bytes: number): void;
  /** Media time that became durable. */
  mediaWritten(seconds: number): void;
  lastSample(wallMs: number): void;
  dropped(reason: DropReason, bytes: number): void;
  gap(reason: GapReason, durationMs: number): void;
  fragmentWrite(seconds: number): void;
  /** From the last fragment to the index being durable. */
  segmentCommit(seconds: number): void;
}

/** The part of a pino logger that is used here. */
export interface RecordingLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
