import { EntitySchema } from './typeorm.js';

/** How far the present pass over the files of a volume has come. */
const IntegrityPassEntity = new EntitySchema({
  name: 'integrity_pass',
  columns: {
    volumeId: { name: 'volume_id', type: 'uuid', primary: true },
    startedAt: { name: 'started_at', type: 'timestamptz' },
    finishedAt: { name: 'finished_at', type: 'timestamptz', nullable: true },
    afterStart: { name: 'after_start', type: 'timestamptz', nullable: true },
    afterRun: { name: 'after_run', type: 'text', nullable: true },
    afterSequence: { name: 'after_sequence', type: 'integer', nullable: true },
    segments: { type: 'bigint', default: 0 },
    bytes: { type: 'bigint', default: 0 },
  },
});

/** What is wrong with a file. */
const DamageEntity = new EntitySchema({
  name: 'damage',
  columns: {
    volumeId: { name: 'volume_id', type: 'uuid', primary: true },
    path: { type: 'text', primary: true },
    kind: { type: 'text', primary: true },
    streamId: { name: 'stream_id', type: 'integer' },
    startAt: { name: 'start_at', type: 'timestamptz' },
    endAt: { name: 'end_at', type: 'timestamptz' },
    detail: { type: 'text' },
    foundAt: { name: 'found_at', type: 'timestamptz' },
    seenAt: { name: 'seen_at', type: 'timestamptz' },
  },
});

/** The signed state of one day's archive. */
const CheckpointEntity = new EntitySchema({
  name: 'checkpoint',
  columns: {
    day: { type: 'date', primary: true },
    payload: { type: 'text' },
    signature: { type: 'text' },
    keyId: { name: 'key_id', type: 'text' },
    createdAt: { name: 'created_at', type: 'timestamptz' },
  },
});

export const INTEGRITY_ENTITIES = [IntegrityPassEntity, DamageEntity, CheckpointEntity];
