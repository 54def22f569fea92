import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { takeEventLoopDelay } from './event-loop-delay.js';

/** Every series of this process. */
export const registry = new Registry();

const STREAM = ['camera', 'stream'] as const;
const SHARD = ['shard'] as const;
const READER = ['camera', 'stream', 'transport'] as const;
const DISK_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const JOB_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900];

/** Metrics with a label `camera`, for {@link removeCameraSeries}. */
const perCamera: (Counter | Gauge | Histogram)[] = [];

function counter<L extends string = never>(
  name: string,
  help: string,
  labelNames: readonly L[] = [],
): Counter<L> {
  const metric = new Counter<L>({ ...described(name, help), labelNames });
  if (labelNames.some((label) => label === 'camera')) perCamera.push(metric);
  return metric;
}

function gauge<L extends string = never>(
  name: string,
  help: string,
  labelNames: readonly L[] = [],
  collect?: (this: Gauge<L>) => void,
): Gauge<L> {
  const base = { ...described(name, help), labelNames };
  const metric = new Gauge<L>(collect === undefined ? base : { ...base, collect });
  // Every role declares every metric; what a role never sets must not look like zero there.
  if (labelNames.length === 0) metric.remove();
  if (labelNames.some((label) => label === 'camera')) perCamera.push(metric);
  return metric;
}

function histogram<L extends string = never>(
  name: string,
  help: string,
  buckets: number[],
  labelNames: readonly L[] = [],
): Histogram<L> {
  return new Histogram<L>({ ...described(name, help), labelNames, buckets });
}

function described(name: string, help: string) {
  return { name: `nightjar_${name}`, help, registers: [registry] };
}

/**
 * All metrics. A field is the metric's name in camel case without `nightjar_` and `_total`. Labels are of bounded sets
 * only: configured names, enumerations in our code, RTSP methods through {@link methodLabel}.
 */
export const metrics = {
  cameraUp: gauge(
    'camera_up',
    'Whether the source of a stream delivers (1) or not (0); absent while nobody needs it.',
    STREAM,
  ),
  cameraLoginRefused: gauge(
    'camera_login_refused',
    'Whether a camera refuses the login (1), so that it is tried rarely or not at all until the credentials change.',
    STREAM,
  ),
  sourceSessions: counter(
    'source_sessions_total',
    'RTSP sessions opened at cameras that reached PLAY.',
    STREAM,
  ),
  sourceConnects: counter('source_connects_total', 'Attempts to reach a camera, by result.', [
    ...STREAM,
    'result',
  ]),
  rtpPackets: counter('rtp_packets_total', 'RTP packets received from cameras.', [
    ...STREAM,
    'direction',
  ]),
  rtpBytes: counter('rtp_bytes_total', 'Bytes of RTP packets received from cameras.', [
    ...STREAM,
    'direction',
  ]),
  rtpPacketsLost: counter(
    'rtp_packets_lost_total',
    'RTP packets that never arrived from cameras, by sequence number.',
    STREAM,
  ),
  sourcePacketsDropped: counter(
    'source_packets_dropped_total',
    'Packets from cameras that were not passed on, by reason: malformed, another payload type, source, channel or address than agreed on, or SRTP that is not authentic.',
    [...STREAM, 'reason'],
  ),

  gopCacheBytes: gauge(
    'gop_cache_bytes',
    'Memory kept alive by the packets since the last keyframe.',
    STREAM,
  ),
  gopCacheDrops: counter(
    'gop_cache_drops_total',
    'GOPs that were not kept for new readers, by reason: too large, or over the budget of all streams.',
    [...STREAM, 'reason'],
  ),
  readers: gauge('readers', 'Readers attached now.', READER),
  readerBytes: counter('reader_bytes_total', 'Bytes sent to readers.', READER),
  readerPackets: counter('reader_packets_total', 'RTP packets sent to readers.', READER),
  readerSkips: counter('reader_skips_total', 'Times a slow reader skipped to a keyframe.', READER),
  readerCuts: counter('reader_cuts_total', 'Readers disconnected by Nightjar, by reason.', [
    ...READER,
    'reason',
  ]),
  standIn: gauge(
    'stand_in',
    'Whether players see something in place of the camera, which is away: a still picture (slate) or another stream (fallback).',
    ['camera', 'stream', 'kind'],
  ),
  standIns: counter(
    'stand_ins_total',
    'Times that something took the place of a camera for its players.',
    ['camera', 'stream', 'kind'],
  ),

  udpPacketsDropped: counter(
    'udp_packets_dropped_total',
    'RTP packets for UDP and multicast readers that were not sent, by reason.',
    ['reason'],
  ),

  readerQueueBytes: gauge('reader_queue_bytes', 'Bytes that wait for slow readers.', STREAM),

  rtspRequests: counter('rtsp_requests_total', 'RTSP requests answered.', ['method', 'status']),
  rtspSessions: gauge('rtsp_sessions', 'RTSP sessions open now.'),
  certificateExpiryTimestampSeconds: gauge(
    'certificate_expiry_timestamp_seconds',
    'End of validity of a certificate that is shown to clients; absent without TLS.',
    ['use'],
  ),
  rtspConnections: gauge('rtsp_connections', 'RTSP connections of clients now.'),
  limitRefusals: counter(
    'limit_refusals_total',
    'What was refused or closed because a limit was reached, by limit.',
    ['limit'],
  ),
  loginRefusals: counter('login_refusals_total', 'Logins that were refused, by reason.', [
    'protocol',
    'reason',
  ]),
  rtspHandoffs: counter(
    'rtsp_handoffs_total',
    'Connections given to the media process that serves them, by result.',
    ['result'],
  ),
  mediaShardUp: gauge('media_shard_up', 'Whether a media process serves (1) or not (0).', SHARD),
  mediaShardCameras: gauge('media_shard_cameras', 'Cameras of a media process.', SHARD),
  mediaShardLoad: gauge(
    'media_shard_load',
    'Bytes per second in and out of the cameras of a media process, smoothed.',
    SHARD,
  ),

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

  recordingWanted: gauge(
    'recording_wanted',
    'Whether a stream that is declared to be recorded is to be recorded now (1) or not (0).',
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

  volumeFreeBytes: gauge('volume_free_bytes', 'Bytes free on the file system of a volume.', [
    'volume',
  ]),
  volumeSizeBytes: gauge('volume_size_bytes', 'Size of the file system of a volume.', ['volume']),
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
  catalogLagBytes: gauge(
    'catalog_lag_bytes',
    "Bytes of a volume's journal that the catalog has not read yet.",
    ['volume'],
  ),
  catalogSegments: counter('catalog_segments_total', 'Segments entered into the catalog.'),

  jobs: counter('jobs_total', 'Jobs ended, by result.', ['job', 'result']),
  queueJobs: gauge('queue_jobs', 'Jobs in a queue, by state; `failed` are dead letters.', [
    'queue',
    'state',
  ]),
  queueOldestWaitingSeconds: gauge(
    'queue_oldest_waiting_seconds',
    'How long the job that waits longest has waited; 0 if none waits.',
    ['queue'],
  ),
  jobDurationSeconds: histogram('job_duration_seconds', 'Time a job took.', JOB_SECONDS, ['job']),
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
  volumeFindings: gauge(
    'volume_findings',
    'Files and catalog rows of a volume that do not fit, by kind, at the last scan.',
    ['volume', 'kind'],
  ),
  footageRequests: counter(
    'footage_requests_total',
    'Answers with footage over HTTP, by result: whole, cut short by us, or given up by the client.',
    ['kind', 'result'],
  ),
  footageBytes: counter('footage_bytes_total', 'Bytes of footage sent over HTTP.', ['kind']),

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

  playbackSessions: gauge('playback_sessions', 'Playback sessions open now.'),
  fileSessions: gauge('file_sessions', 'Sessions that play media files now.'),
  buildInfo: gauge('build_info', 'Always 1; the version is a label.', ['version']),
  eventLoopDelaySeconds: gauge(
    'event_loop_delay_seconds',
    'How late the event loop was, since the last scrape.',
    ['quantile'],
    function () {
      for (const [quantile, seconds] of takeEventLoopDelay()) this.set({ quantile }, seconds);
    },
  ),
} as const;

/** Removes every series of a camera (or of one stream of it) that left the configuration. */
export async function removeCameraSeries(camera: string, stream?: string): Promise<void> {
  for (const metric of perCamera) {
    for (const { labels } of (await metric.get()).values) {
      const meant = stream === undefined || labels['stream'] === stream;
      if (meant && labels['camera'] === camera) metric.remove(labels);
    }
  }
}

const RTSP_METHODS: ReadonlySet<string> = new Set([
  'OPTIONS',
  'DESCRIBE',
  'ANNOUNCE',
  'SETUP',
  'PLAY',
  'PAUSE',
  'RECORD',
  'TEARDOWN',
  'GET_PARAMETER',
  'SET_PARAMETER',
  'REDIRECT',
]);

/** A client may send any word as method; as a label there are only the known ones and `other`. */
export function methodLabel(method: string): string {
  return RTSP_METHODS.has(method) ? method : 'other';
}
