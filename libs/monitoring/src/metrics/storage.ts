import { counter, gauge } from './declare.js';

/** Volumes and the state of the footage on them. */
export const storageMetrics = {
  volumeFreeBytes: gauge('volume_free_bytes', 'Bytes free on the file system of a volume.', [
    'volume',
  ]),
  volumeSizeBytes: gauge('volume_size_bytes', 'Size of the file system of a volume.', ['volume']),
  volumeMinFreeBytes: gauge(
    'volume_min_free_bytes',
    'Bytes that retention keeps free on a volume, as configured.',
    ['volume'],
  ),
  volumeHealthy: gauge('volume_healthy', 'Whether a volume can be used (1) or not (0).', [
    'volume',
  ]),
  volumeInfo: gauge('volume_info', 'Always 1; the state that the configuration gives a volume.', [
    'volume',
    'state',
  ]),
  volumeFailures: counter(
    'volume_failures_total',
    'Writes to a volume that failed and checks that it did not pass, by reason.',
    ['volume', 'reason'],
  ),
  volumeFindings: gauge(
    'volume_findings',
    'Files and catalog rows of a volume that do not fit, by kind, at the last scan.',
    ['volume', 'kind'],
  ),
  integrityCheckedBytes: counter(
    'integrity_checked_bytes_total',
    'Bytes of footage read and compared with their hash.',
    ['volume'],
  ),
  integrityDamagedSegments: gauge(
    'integrity_damaged_segments',
    'Segments whose file is not what was recorded, by kind of damage.',
    ['volume', 'kind'],
  ),
  integrityPassStartTimestampSeconds: gauge(
    'integrity_pass_start_timestamp_seconds',
    'Unix time at which the newest pass over the files of a volume began.',
    ['volume'],
  ),
  integrityCheckpointTimestampSeconds: gauge(
    'integrity_checkpoint_timestamp_seconds',
    'Unix time at which the newest day began whose archive was signed.',
  ),
} as const;
