import { counter, gauge } from './declare.js';
import { STREAM } from './labels.js';

/** Sources: what comes from cameras and publishers. */
export const camerasMetrics = {
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
  cameraClockAheadSeconds: gauge(
    'camera_clock_ahead_seconds',
    'How far the clock of a camera is ahead of ours, by its newest sender report; negative when it is behind, absent without reports. Footage goes by our clock.',
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
  publishing: gauge('publishing', 'Whether somebody publishes a stream (1) or not (0).', STREAM),
  publishers: counter(
    'publishers_total',
    'Publishers by result: accepted, accepted in the place of another (replaced), or refused because of another. Their bytes are in nightjar_rtp_bytes_total.',
    [...STREAM, 'result'],
  ),
  talking: gauge('talking', 'Whether somebody talks to a camera (1) or not (0).', STREAM),
  talkers: counter(
    'talkers_total',
    'Times that somebody began to talk to a camera (accepted), or could not because of another (refused).',
    [...STREAM, 'result'],
  ),
  talkPackets: counter('talk_packets_total', 'RTP packets passed on to a camera.', STREAM),
  talkBytes: counter('talk_bytes_total', 'Bytes of RTP packets passed on to a camera.', STREAM),
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
} as const;
