import { counter, gauge, histogram } from './declare.js';
import { STREAM } from './labels.js';

const DISK_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Recording, its account and the events that start it. */
export const recordingMetrics = {
  cameraExpectedSeconds: counter(
    'camera_expected_seconds_total',
    'Seconds for which footage was asked for.',
    STREAM,
  ),
  cameraRecordedSeconds: counter(
    'camera_recorded_seconds_total',
    'Seconds of footage that are on the disk.',
    STREAM,
  ),
  cameraMissingSeconds: counter(
    'camera_missing_seconds_total',
    'Seconds for which footage was asked for and is missing, by reason.',
    [...STREAM, 'reason'],
  ),
  recordingWanted: gauge(
    'recording_wanted',
    'Whether a stream that is declared to be recorded is to be recorded now (1) or not (0).',
    STREAM,
  ),
  statementsDropped: counter(
    'statements_dropped_total',
    'What was told of streams and decisions, and forgotten because no journal took it for too long.',
  ),
  recordingPrerollBytes: gauge(
    'recording_preroll_bytes',
    'Memory held by footage that an event may still ask for.',
    STREAM,
  ),
  recordingBytes: counter('recording_bytes_total', 'Bytes of footage written.', STREAM),
  recordingSeconds: counter('recording_seconds_total', 'Seconds of footage written.', STREAM),
  recordingLastSampleTimestampSeconds: gauge(
    'recording_last_sample_timestamp_seconds',
    'Unix time of the last sample written.',
    STREAM,
  ),
  recordingQueueBytes: gauge(
    'recording_queue_bytes',
    'Bytes of footage that wait for the disk.',
    STREAM,
  ),
  recordingDroppedBytes: counter(
    'recording_dropped_bytes_total',
    'Bytes of media that were not written, by reason.',
    [...STREAM, 'reason'],
  ),
  recordingGaps: counter('recording_gaps_total', 'Gaps noted in recordings, by reason.', [
    ...STREAM,
    'reason',
  ]),
  segmentCommitDurationSeconds: histogram(
    'segment_commit_duration_seconds',
    'Time to close a segment: index, sync, journal.',
    DISK_SECONDS,
  ),
  fragmentWriteDurationSeconds: histogram(
    'fragment_write_duration_seconds',
    'Time to write and sync one fragment.',
    DISK_SECONDS,
  ),
  recordingOldestTimestampSeconds: gauge(
    'recording_oldest_timestamp_seconds',
    'Unix time at which the oldest footage of a stream begins, by the catalog.',
    STREAM,
  ),
  events: counter('events_total', 'Events published, by where they came in.', ['camera', 'source']),
  eventsHeard: gauge(
    'events_heard',
    'Whether the media role hears of events (1) or not (0); absent elsewhere.',
  ),
  eventFileLinesRejected: counter(
    'event_file_lines_rejected_total',
    'Lines of the event file that were left out.',
  ),
} as const;
