import { EntitySchema } from 'typeorm';
import type { ValueTransformer } from 'typeorm';
import { INTEGRITY_ENTITIES } from './integrity.entities.js';

/** bigint columns hold byte counts and offsets below 2^53; pg hands them out as text. */
const asNumber: ValueTransformer = {
  to: (value: unknown) => value,
  from: (value: string) => Number(value),
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
}

export const StreamEntity = new EntitySchema<StreamRow>({
  name: 'stream',
  columns: {
    id: { type: 'integer', primary: true, generated: 'increment' },
    cameraId: { name: 'camera_id', type: 'integer' },
    name: { type: 'text' },
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
}

export const VolumeEntity = new EntitySchema<VolumeRow>({
  name: 'volume',
  columns: {
    id: { type: 'uuid', primary: true },
    name: { type: 'text' },
    path: { type: 'text' },
    journalFile: { name: 'journal_file', type: 'integer', default: 0 },
    journalOffset: { name: 'journal_offset', type: 'bigint', default: 0, transformer: asNumber },
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
  },
});

export interface GapRow {
  streamId: number;
  startAt: Date;
  endAt: Date;
  reason: string;
}

export const GapEntity = new EntitySchema<GapRow>({
  name: 'gap',
  columns: {
    streamId: { name: 'stream_id', type: 'integer', primary: true },
    startAt: { name: 'start_at', type: 'timestamptz', primary: true },
    reason: { type: 'text', primary: true },
    endAt: { name: 'end_at', type: 'timestamptz' },
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
  hash: string | null;
  rule: string;
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
    deletedAt: { name: 'deleted_at', type: 'timestamptz', default: () => 'now()' },
  },
});

export const ENTITIES = [
  CameraEntity,
  StreamEntity,
  VolumeEntity,
  RunEntity,
  SegmentEntity,
  GapEntity,
  DeletionEntity,
  ...INTEGRITY_ENTITIES,
];
