import { counter, gauge } from './declare.js';
import { READER, STREAM } from './labels.js';

/** Readers: what goes to players. */
export const readersMetrics = {
  readers: gauge('readers', 'Readers attached now.', READER),
  readerBytes: counter('reader_bytes_total', 'Bytes sent to readers.', READER),
  readerPackets: counter('reader_packets_total', 'RTP packets sent to readers.', READER),
  readerSkips: counter('reader_skips_total', 'Times a slow reader skipped to a keyframe.', READER),
  readerCuts: counter('reader_cuts_total', 'Readers disconnected by Nightjar, by reason.', [
    ...READER,
    'reason',
  ]),
  readerQueueBytes: gauge('reader_queue_bytes', 'Bytes that wait for slow readers.', STREAM),
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
  standInFailures: counter(
    'stand_in_failures_total',
    'Times that the other stream could not take the place of a camera: its codec is another, or another media process has it.',
    ['camera', 'stream', 'reason'],
  ),
  udpPacketsDropped: counter(
    'udp_packets_dropped_total',
    'RTP packets for UDP and multicast readers that were not sent, by reason.',
    ['reason'],
  ),
  playbackSessions: gauge('playback_sessions', 'Playback sessions open now.'),
  fileSessions: gauge('file_sessions', 'Sessions that play media files now.'),
} as const;
