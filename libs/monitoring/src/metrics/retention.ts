import { counter, gauge } from './declare.js';

/** What retention deletes and where it is stuck. */
export const retentionMetrics = {
  retentionDeletedSegments: counter(
    'retention_deleted_segments_total',
    'Segments deleted, by the rule that asked for it.',
    ['rule'],
  ),
  retentionDeletedBytes: counter(
    'retention_deleted_bytes_total',
    'Bytes deleted, by the rule that asked for it.',
    ['rule'],
  ),
  retentionSweepTimestampSeconds: gauge(
    'retention_sweep_timestamp_seconds',
    'Unix time at which the newest sweep of a volume ended that was not stopped.',
    ['volume'],
  ),
  retentionBlocked: gauge(
    'retention_blocked',
    'Whether retention of a volume stopped itself (1) and waits for an answer: nightjar retention status.',
    ['volume'],
  ),
  retentionEmergency: gauge(
    'retention_emergency',
    'Whether a volume is full (1) and all on it is protected by guarantees and holds.',
    ['volume'],
  ),
  retentionOvercommitted: gauge(
    'retention_overcommitted',
    'Whether the guarantees of the cameras on a volume take more than it holds (1) at the present rates.',
    ['volume'],
  ),
} as const;
