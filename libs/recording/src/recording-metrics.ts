import { missingReasonOf } from '@nightjar/catalog';
import { metrics } from '@nightjar/monitoring';
import type { AccountFigures } from './account/account.js';
import type { RecordingMetrics } from './ports.js';

/** One stream's figures as Prometheus series. */
export function recordingMetrics(camera: string, stream: string): RecordingMetrics {
  const labels = { camera, stream };
  return {
    bytesWritten: (bytes) => metrics.recordingBytes.inc(labels, bytes),
    mediaWritten: (seconds) => metrics.recordingSeconds.inc(labels, Math.max(seconds, 0)),
    lastSample: (wallMs) => metrics.recordingLastSampleTimestampSeconds.set(labels, wallMs / 1000),
    dropped: (reason, bytes) => metrics.recordingDroppedBytes.inc({ ...labels, reason }, bytes),
    gap: (reason) => metrics.recordingGaps.inc({ ...labels, reason }),
    fragmentWrite: (seconds) => metrics.fragmentWriteDurationSeconds.observe(seconds),
    segmentCommit: (seconds) => metrics.segmentCommitDurationSeconds.observe(seconds),
  };
}

/** The figures of one stream's account as Prometheus series. */
export function accountFigures(camera: string, stream: string): AccountFigures {
  const labels = { camera, stream };
  return {
    recorded: (seconds) => metrics.cameraRecordedSeconds.inc(labels, seconds),
    expected: (seconds) => metrics.cameraExpectedSeconds.inc(labels, seconds),
    missing: (raw, seconds) =>
      metrics.cameraMissingSeconds.inc({ ...labels, reason: missingReasonOf(raw) }, seconds),
    gap: (reason) => metrics.recordingGaps.inc({ ...labels, reason }),
  };
}
