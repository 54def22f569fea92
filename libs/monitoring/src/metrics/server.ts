import { counter, gauge, histogram } from './declare.js';
import { SHARD } from './labels.js';

const ANSWER_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What clients ask for and what is refused. */
export const serverMetrics = {
  rtspRequests: counter('rtsp_requests_total', 'RTSP requests answered.', ['method', 'status']),
  rtspRequestDurationSeconds: histogram(
    'rtsp_request_duration_seconds',
    'Time from an RTSP request to its answer; DESCRIBE and SETUP of a camera that nobody watched include connecting to it.',
    ANSWER_SECONDS,
    ['method'],
  ),
  rtspSessions: gauge('rtsp_sessions', 'RTSP sessions open now.'),
  rtspConnections: gauge('rtsp_connections', 'RTSP connections of clients now.'),
  rtspSilentConnections: gauge(
    'rtsp_silent_connections',
    'Connections to the RTSP port that have not completed a request, now.',
  ),
  httpConnections: gauge('http_connections', 'Connections to the HTTP port now.'),
  httpSilentConnections: gauge(
    'http_silent_connections',
    'Connections to the HTTP port that have not completed a request, now.',
  ),
  rtspPublishers: gauge('rtsp_publishers', 'Sessions of clients that publish, now.'),
  cameraConnections: gauge('camera_connections', 'Connections to cameras now.'),
  certificateExpiryTimestampSeconds: gauge(
    'certificate_expiry_timestamp_seconds',
    'End of validity of a certificate that is shown to clients; absent without TLS.',
    ['use'],
  ),
  limitRefusals: counter(
    'limit_refusals_total',
    'What was refused, closed or slowed down because a limit was reached, by limit.',
    ['limit'],
  ),
  loginRefusals: counter('login_refusals_total', 'Logins that were refused, by reason.', [
    'protocol',
    'reason',
  ]),
  auditDropped: counter(
    'audit_dropped_total',
    'Decisions that were not written down: too many at once, or too many waited.',
  ),
  footageRequests: counter(
    'footage_requests_total',
    'Answers with footage over HTTP, by result: whole, cut short by us, or given up by the client.',
    ['kind', 'result'],
  ),
  footageBytes: counter('footage_bytes_total', 'Bytes of footage sent over HTTP.', ['kind']),
  httpRequestDurationSeconds: histogram(
    'http_request_duration_seconds',
    'Time from a request to the API to the head of its answer.',
    ANSWER_SECONDS,
    ['method', 'status'],
  ),
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
} as const;
