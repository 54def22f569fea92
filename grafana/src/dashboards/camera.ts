import { dashboard } from '../lib/dashboard.js';
import { badFrom, figure, goodFrom, graph } from '../lib/panels.js';
import { CAMERA, rate, rise, series } from '../lib/promql.js';

const STREAM_LEGEND = '{{camera}}/{{stream}}';
const by = (expression: string): string => `sum by (camera, stream) (${expression})`;
const byReason = (expression: string): string => `sum by (camera, stream, reason) (${expression})`;

export const camera = dashboard({
  uid: 'nightjar-camera',
  title: 'Camera',
  description: 'What comes from cameras, what is lost on the way, and what of it is on disk.',
  choices: [{ label: 'camera', metric: 'nightjar_rtp_bytes_total' }],
  rows: [
    {
      title: 'State',
      panels: [
        figure({
          title: 'Delivering',
          description: 'Share of the streams that somebody needs which deliver media.',
          unit: 'percentunit',
          query: { expr: `avg(${series('camera_up', CAMERA)})` },
          colours: goodFrom(1),
        }),
        figure({
          title: 'Login refused',
          description:
            'Streams whose camera refuses user and password; it is tried rarely until they change.',
          unit: 'short',
          query: { expr: `sum(${series('camera_login_refused', CAMERA)})` },
          colours: badFrom(1),
        }),
        figure({
          title: 'Completeness',
          description:
            'Share of the time that was asked for that is on disk, over the range shown.',
          unit: 'percentunit',
          query: {
            expr: `1 - sum(${rise('camera_missing_seconds_total', CAMERA)}) / sum(${rise('camera_expected_seconds_total', CAMERA)})`,
          },
          colours: goodFrom(0.999),
        }),
        figure({
          title: 'Gaps',
          description: 'Gaps noted over the range shown.',
          unit: 'short',
          query: { expr: `sum(${rise('recording_gaps_total', CAMERA)})` },
          colours: badFrom(1),
        }),
        figure({
          title: 'Reconnects',
          description: 'RTSP sessions that reached PLAY over the range shown.',
          unit: 'short',
          query: { expr: `sum(${rise('source_sessions_total', CAMERA)})` },
        }),
        figure({
          title: 'Players',
          description: 'Readers attached now.',
          unit: 'short',
          query: { expr: `sum(${series('readers', CAMERA)}) or vector(0)` },
        }),
      ],
    },
    {
      title: 'From the camera',
      panels: [
        graph({
          title: 'Bit rate',
          description: 'Bits of RTP packets per second, as received.',
          unit: 'bps',
          queries: [{ expr: `8 * ${by(rate('rtp_bytes_total', CAMERA))}`, legend: STREAM_LEGEND }],
        }),
        graph({
          title: 'Packets lost',
          description:
            'Share of the packets that never arrived. Above 0 over TCP the camera itself drops; over UDP it is the network.',
          unit: 'percentunit',
          queries: [
            {
              expr: `${by(rate('rtp_packets_lost_total', CAMERA))} / (${by(rate('rtp_packets_lost_total', CAMERA))} + ${by(rate('rtp_packets_total', CAMERA))})`,
              legend: STREAM_LEGEND,
            },
          ],
        }),
        graph({
          title: 'Packets refused',
          description: 'Packets that were not passed on, by reason.',
          unit: 'pps',
          queries: [
            {
              expr: byReason(rate('source_packets_dropped_total', CAMERA)),
              legend: `${STREAM_LEGEND} {{reason}}`,
            },
          ],
        }),
        graph({
          title: 'Attempts to connect',
          description: 'By result; anything but `ok` says why the camera is away.',
          unit: 'ops',
          queries: [
            {
              expr: `sum by (camera, stream, result) (${rate('source_connects_total', CAMERA)})`,
              legend: `${STREAM_LEGEND} {{result}}`,
            },
          ],
        }),
        graph({
          title: 'Clock of the camera',
          description:
            'How far it is off ours, either way. Footage goes by our clock; the overlay of the camera does not.',
          unit: 's',
          queries: [
            {
              expr: `max by (camera, stream) (abs(${series('camera_clock_ahead_seconds', CAMERA)}))`,
              legend: STREAM_LEGEND,
            },
          ],
        }),
        graph({
          title: 'Memory since the last keyframe',
          description:
            'Grows with the distance of keyframes: long distances make players wait or start grey.',
          unit: 'bytes',
          queries: [{ expr: by(series('gop_cache_bytes', CAMERA)), legend: STREAM_LEGEND }],
        }),
      ],
    },
    {
      title: 'To the disk',
      panels: [
        graph({
          title: 'Missing footage by reason',
          description: 'Seconds per second: 1 means that the stream is not being recorded at all.',
          unit: 'short',
          stacked: true,
          queries: [
            {
              expr: byReason(rate('camera_missing_seconds_total', CAMERA)),
              legend: `${STREAM_LEGEND} {{reason}}`,
            },
          ],
        }),
        graph({
          title: 'Last written',
          description: 'Age of the newest sample on disk.',
          unit: 's',
          queries: [
            {
              expr: `min by (camera, stream) (time() - ${series('recording_last_sample_timestamp_seconds', CAMERA)})`,
              legend: STREAM_LEGEND,
            },
          ],
        }),
        graph({
          title: 'Waiting for the disk',
          description:
            'Bytes queued for writing. A queue that fills up drops whole groups of pictures, with a gap that says so.',
          unit: 'bytes',
          queries: [{ expr: by(series('recording_queue_bytes', CAMERA)), legend: STREAM_LEGEND }],
        }),
        graph({
          title: 'Gaps',
          description: 'Gaps per second, by reason.',
          unit: 'ops',
          queries: [
            {
              expr: byReason(rate('recording_gaps_total', CAMERA)),
              legend: `${STREAM_LEGEND} {{reason}}`,
            },
          ],
        }),
      ],
    },
  ],
});
