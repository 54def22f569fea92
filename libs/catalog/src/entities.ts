import type { ValueTransformer } from 'typeorm';
import { AuditEntity } from './audit-entity.js';
import { INTEGRITY_ENTITIES } from './integrity.entities.js';
import { DeviceEntity } from './devices/device-entity.js';
import { EventEntity, OverrideEntity } from './events/event-entities.js';
import { RETENTION_ENTITIES } from './retention/retention-entities.js';
import { EntitySchema } from './typeorm.js';

/** bigint columns hold byte counts and offsets below 2^53; pg hands them out as text. */
const asNumber: ValueTransformer = {
  to: (value: unknown) => value,
  from: (value: string) => Number(value),
};

const asNumberOrNull: ValueTransformer = {
  to: (value: unknown) => value,
  from: (value: string | null) => (value === null ? null : Number(value)),
};

export interface CameraRow {
  id: number;
  name: string;
}

export const CameraEntity = new EntitySchema<CameraRow>({
  name: 'camera',
  columns: {
    id: { type: 'integer', primary: true, generated: 'increment' },
    name: { type: 'text', unique: true },
  },
});

export interface StreamRow {
  id: number;
  cameraId: number;
  name: string;
  /** Since when it is accounted for: the earliest of its declarations. */
  declaredAt: Date | null;
  /** Facts of the time before may be forgotten; null: none are. */
  factsFrom: Date | null;
}

export const StreamEntity = new EntitySchema<StreamRow>({
  name: 'stream',
  columns: {
    id: { type: 'integer', primary: true, generated: 'increment' },
    cameraId: { name: 'camera_id', type: 'integer' },
    name: { type: 'text' },
    declaredAt: { name: 'declared_at', type: 'timestamptz', nullable: true },
    factsFrom: { name: 'facts_from', type: 'timestamptz', nullable: true },
  },
});

export interface VolumeRow {
  /** From `.nightjar/volume.json`: the identity of the disk, not of the mount point. */
  id: string;
  /** Key in the configuration. */
  name: string;
  path: string;
  journalFile: number;
  journalOffset: number;
  /** As the configuration has it: active, read-only or draining. */
  state: string;
  /** `healthy`, `unknown` before the first look, else the reason why it cannot be used. */
  health: string;
  /** The same in words, with the remedy. */
  problem: string | null;
  /** When its disk was last found there. */
  lastSeen: Date | null;
  freeBytes: number | null;
  sizeBytes: number | null;
}

export const VolumeEntity = new EntitySchema<VolumeRow>({
  name: 'volume',
  columns: {
    id: { type: 'uuid', primary: true },
    name: { type: 'text' },
    path: { type: 'text' },
    journalFile: { name: 'journal_file', type: 'integer', default: 0 },
    journalOffset: { name: 'journal_offset', type: 'bigint', default: 0, transformer: asNumber },
    state: { type: 'text', default: 'active' },
    health: { type: 'text', default: 'unknown' },
    problem: { type: 'text', nullable: true },
    lastSeen: { name: 'last_seen', type: 'timestamptz', nullable: true },
    freeBytes: { name: 'free_bytes', type: 'bigint', nullable: true, transformer: asNumberOrNull },
    sizeBytes: { name: 'size_bytes', type: 'bigint', nullable: true, transformer: asNumberOrNull },
  },
});

export interface RunRow {
  id: string;
  streamId: number;
  volumeId: string;
  startedAt: Date;
  endedAt: Date | null;
  endReason: string | null;
}

export const RunEntity = new EntitySchema<RunRow>({
  name: 'run',
  columns: {
    id: { type: 'text', primary: true },
    streamId: { name: 'stream_id', type: 'integer' },
    volumeId: { name: 'volume_id', type: 'uuid' },
    startedAt: { name: 'started_at', type: 'timestamptz' },
    endedAt: { name: 'ended_at', type: 'timestamptz', nullable: true },
    endReason: { name: 'end_reason', type: 'text', nullable: true },
  },
});

export type SegmentState = 'present' | 'deleting';

export interface SegmentRow {
  runId: string;
  sequence: number;
  startAt: Date;
  endAt: Date;
  streamId: number;
  volumeId: string;
  path: string;
  bytes: number;
  keyframes: number;
  hash: string;
  /** Of the segment before it in the stream; null for the first, and where it is not known. */
  previousHash: string | null;
  codecs: string[];
  recovered: boolean;
  state: SegmentState;
  /** The rule that condemned it; set exactly while `state` is `deleting`. */
  deleteRule: string | null;
  /** What that rule was decided on. */
  deleteDetail: object | null;
}

export const SegmentEntity = new EntitySchema<SegmentRow>({
  name: 'segment',
  columns: {
    runId: { name: 'run_id', type: 'text', primary: true },
    sequence: { type: 'integer', primary: true },
    startAt: { name: 'start_at', type: 'timestamptz', primary: true },
    endAt: { name: 'end_at', type: 'timestamptz' },
    streamId: { name: 'stream_id', type: 'integer' },
    volumeId: { name: 'volume_id', type: 'uuid' },
    path: { type: 'text' },
    bytes: { type: 'bigint', transformer: asNumber },
    keyframes: { type: 'integer' },
    hash: { type: 'text' },
    previousHash: { name: 'previous_hash', type: 'text', nullable: true },
    codecs: { type: 'text', array: true },
    recovered: { type: 'boolean' },
    state: { type: 'text', default: 'present' },
    deleteRule: { name: 'delete_rule', type: 'text', nullable: true },
    deleteDetail: { name: 'delete_detail', type: 'jsonb', nullable: true },
  },
});

/** A row of `gap` or `unwanted`. */
export interface ReasonedRow {
  streamId: number;
  startAt: Date;
  endAt: Date;
  reason: string;
}

const reasonedColumns = {
  streamId: { name: 'stream_id', type: 'integer', primary: true },
  startAt: { name: 'start_at', type: 'timestamptz', primary: true },
  reason: { type: 'text', primary: true },
  endAt: { name: 'end_at', type: 'timestamptz' },
} as const;

export const GapEntity = new EntitySchema<ReasonedRow>({ name: 'gap', columns: reasonedColumns });

export const UnwantedEntity = new EntitySchema<ReasonedRow>({
  name: 'unwanted',
  columns: reasonedColumns,
});

/** From `at` on the stream is declared, or not any more. */
export interface DeclarationRow {
  streamId: number;
  at: Date;
  declared: boolean;
}

export const DeclarationEntity = new EntitySchema<DeclarationRow>({
  name: 'declaration',
  columns: {
    streamId: { name: 'stream_id', type: 'integer', primary: true },
    at: { type: 'timestamptz', primary: true },
    declared: { type: 'boolean', primary: true },
  },
});

/** Sums of one finished day (UTC); `missing` holds milliseconds by reason. */
export interface CompletenessRow {
  streamId: number;
  day: string;
  declaredMs: number;
  recordedMs: number;
  unwantedMs: number;
  missingMs: number;
  missing: Record<string, number>;
  /** Facts came after it was summed. */
  stale: boolean;
}

export const CompletenessEntity = new EntitySchema<CompletenessRow>({
  name: 'completeness',
  columns: {
    streamId: { name: 'stream_id', type: 'integer', primary: true },
    day: { type: 'date', primary: true },
    declaredMs: { name: 'declared_ms', type: 'bigint', transformer: asNumber },
    recordedMs: { name: 'recorded_ms', type: 'bigint', transformer: asNumber },
    unwantedMs: { name: 'unwanted_ms', type: 'bigint', transformer: asNumber },
    missingMs: { name: 'missing_ms', type: 'bigint', transformer: asNumber },
    missing: { type: 'jsonb' },
    stale: { type: 'boolean', default: false },
  },
});

/** What was deleted, why and when. */
export interface DeletionRow {
  runId: string;
  sequence: number;
  streamId: number;
  volumeId: string;
  path: string;
  startAt: Date;
  endAt: Date;
  bytes: number;
  /** Hex digest of the file; null where it was not written down. */
  hash: string | null;
  rule: string;
  /** What the rule was decided on. */
  detail: object | null;
  deletedAt: Date;
}

export const DeletionEntity = new EntitySchema<DeletionRow>({
  name: 'deletion',
  columns: {
    runId: { name: 'run_id', type: 'text', primary: true },
    sequence: { type: 'integer', primary: true },
    streamId: { name: 'stream_id', type: 'integer' },
    volumeId: { name: 'volume_id', type: 'uuid' },
    path: { type: 'text' },
    startAt: { name: 'start_at', type: 'timestamptz' },
    endAt: { name: 'end_at', type: 'timestamptz' },
    bytes: { type: 'bigint', transformer: asNumber },
    hash: { type: 'text', nullable: true },
    rule: { type: 'text' },
    detail: { type: 'jsonb', nullable: true },
    deletedAt: { name: 'deleted_at', type: 'timestamptz', default: () => 'now()' },
  },
});

/** What was asked to be exported; see ExportRepository. */
export interface ExportEntityRow {
  id: string;
  createdAt: Date;
  createdBy: string | null;
  request: unknown;
  state: string;
  progress: number;
  reason: string | null;
  files: unknown;
  bytes: number;
  expiresAt: Date;
}

export const ExportEntity = new EntitySchema<ExportEntityRow>({
  name: 'export',
  columns: {
    id: { type: 'uuid', primary: true },
    createdAt: { name: 'created_at', type: 'timestamptz' },
    createdBy: { name: 'created_by', type: 'text', nullable: true },
    request: { type: 'jsonb' },
    state: { type: 'text', default: 'waiting' },
    progress: { type: 'double precision', default: 0 },
    reason: { type: 'text', nullable: true },
    files: { type: 'jsonb', default: [] },
    bytes: { type: 'bigint', default: 0, transformer: asNumber },
    expiresAt: { name: 'expires_at', type: 'timestamptz' },
  },
});

export const ENTITIES = [
  CameraEntity,
  StreamEntity,
  VolumeEntity,
  RunEntity,
  SegmentEntity,
  GapEntity,
  UnwantedEntity,
  DeclarationEntity,
  CompletenessEntity,
  DeletionEntity,
  ...INTEGRITY_ENTITIES,
  ...RETENTION_ENTITIES,
  EventEntity,
  OverrideEntity,
  ExportEntity,
  DeviceEntity,
  AuditEntity,
];
