import { EntitySchema } from '../typeorm.js';
import type { Hold, NewHold } from './hold.repository.js';
import type { RetentionBlock, SweepRecord } from './sweep-log.repository.js';

/** Columns as the tables have them; the repositories speak of {@link Hold} in milliseconds. */
interface HoldRow
  extends Pick<Hold, 'id' | 'releasedBy'>, Pick<NewHold, 'owner' | 'reason' | 'createdBy'> {
  cameraId: number;
  streamId: number | null;
  startAt: Date;
  endAt: Date;
  createdAt: Date;
  expiresAt: Date | null;
  releasedAt: Date | null;
}

const HoldEntity = new EntitySchema<HoldRow>({
  name: 'hold',
  columns: {
    id: { type: 'integer', primary: true, generated: 'increment' },
    cameraId: { name: 'camera_id', type: 'integer' },
    streamId: { name: 'stream_id', type: 'integer', nullable: true },
    startAt: { name: 'start_at', type: 'timestamptz' },
    endAt: { name: 'end_at', type: 'timestamptz' },
    owner: { type: 'text' },
    reason: { type: 'text' },
    createdBy: { name: 'created_by', type: 'text' },
    createdAt: { name: 'created_at', type: 'timestamptz' },
    expiresAt: { name: 'expires_at', type: 'timestamptz', nullable: true },
    releasedAt: { name: 'released_at', type: 'timestamptz', nullable: true },
    releasedBy: { name: 'released_by', type: 'text', nullable: true },
  },
});

interface SweepRow extends Pick<SweepRecord, 'volumeId' | 'outcome' | 'segments'> {
  /** Text, as bigint comes. */
  id: string;
  startedAt: Date;
  endedAt: Date | null;
  shortBytes: string;
  bytes: string;
}

const SweepEntity = new EntitySchema<SweepRow>({
  name: 'retention_sweep',
  columns: {
    id: { type: 'bigint', primary: true, generated: 'increment' },
    volumeId: { name: 'volume_id', type: 'uuid' },
    startedAt: { name: 'started_at', type: 'timestamptz' },
    endedAt: { name: 'ended_at', type: 'timestamptz', nullable: true },
    outcome: { type: 'text', default: 'running' },
    shortBytes: { name: 'short_bytes', type: 'bigint', default: 0 },
    segments: { type: 'integer', default: 0 },
    bytes: { type: 'bigint', default: 0 },
  },
});

interface BlockRow extends Pick<
  RetentionBlock,
  'id' | 'volumeId' | 'reason' | 'message' | 'segments' | 'approvedBy' | 'passedSegments'
> {
  createdAt: Date;
  trustedAt: Date;
  bytes: string;
  footageBytes: string;
  plan: object;
  rules: object;
  approvedAt: Date | null;
  passedBytes: string;
  closedAt: Date | null;
  closedBecause: string | null;
}

const BlockEntity = new EntitySchema<BlockRow>({
  name: 'retention_block',
  columns: {
    id: { type: 'integer', primary: true, generated: 'increment' },
    volumeId: { name: 'volume_id', type: 'uuid' },
    reason: { type: 'text' },
    message: { type: 'text' },
    createdAt: { name: 'created_at', type: 'timestamptz' },
    trustedAt: { name: 'trusted_at', type: 'timestamptz' },
    segments: { type: 'integer' },
    bytes: { type: 'bigint' },
    footageBytes: { name: 'footage_bytes', type: 'bigint' },
    plan: { type: 'jsonb' },
    rules: { type: 'jsonb' },
    approvedAt: { name: 'approved_at', type: 'timestamptz', nullable: true },
    approvedBy: { name: 'approved_by', type: 'text', nullable: true },
    passedSegments: { name: 'passed_segments', type: 'integer', default: 0 },
    passedBytes: { name: 'passed_bytes', type: 'bigint', default: 0 },
    closedAt: { name: 'closed_at', type: 'timestamptz', nullable: true },
    closedBecause: { name: 'closed_because', type: 'text', nullable: true },
  },
});

export const RETENTION_ENTITIES = [HoldEntity, SweepEntity, BlockEntity];
