import { EntitySchema } from '../typeorm.js';

interface EventRow {
  cameraId: number;
  id: string;
  streamId: number | null;
  type: string;
  source: string;
  startAt: Date;
  endAt: Date | null;
  label: string | null;
  data: object | null;
  /** Rises with each change of any row, in the order of commits. */
  change: string;
}

export const EventEntity = new EntitySchema<EventRow>({
  name: 'event',
  columns: {
    cameraId: { name: 'camera_id', type: 'integer', primary: true },
    id: { type: 'text', primary: true },
    streamId: { name: 'stream_id', type: 'integer', nullable: true },
    type: { type: 'text' },
    source: { type: 'text' },
    startAt: { name: 'start_at', type: 'timestamptz' },
    endAt: { name: 'end_at', type: 'timestamptz', nullable: true },
    label: { type: 'text', nullable: true },
    data: { type: 'jsonb', nullable: true },
    change: { type: 'bigint' },
  },
});

interface OverrideRow {
  id: number;
  cameraId: number;
  streamId: number | null;
  action: string;
  until: Date | null;
  reason: string | null;
  setBy: string;
  setAt: Date;
}

export const OverrideEntity = new EntitySchema<OverrideRow>({
  name: 'recording_override',
  columns: {
    id: { type: 'integer', primary: true, generated: 'increment' },
    cameraId: { name: 'camera_id', type: 'integer' },
    streamId: { name: 'stream_id', type: 'integer', nullable: true },
    action: { type: 'text' },
    until: { type: 'timestamptz', nullable: true },
    reason: { type: 'text', nullable: true },
    setBy: { name: 'set_by', type: 'text' },
    setAt: { name: 'set_at', type: 'timestamptz' },
  },
});
