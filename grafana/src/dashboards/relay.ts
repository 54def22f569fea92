import { dashboard } from '../lib/dashboard.js';
import { badFrom, figure, graph } from '../lib/panels.js';
import { quantile, rate, series, sumBy } from '../lib/promql.js';

export const relay = dashboard({
  uid: 'nightjar-relay',
  title: 'Relay',
  description: 'Players, the RTSP and HTTP requests that they make, and what they are refused.',
  rows: [
    {
      title: 'Now',
      panels: [
        figure({
          title: 'Players',
          description: 'Readers attached to live streams.',
          unit: 'short',
          query: { expr: `sum(${series('readers')}) or vector(0)` },
        }),
        figure({
          title: 'Playback sessions',
          description: 'Clients that play recorded footage.',
          unit: 'short',
          query: { expr: `sum(${series('playback_sessions')}) or vector(0)` },
        }),
        figure({
          title: 'RTSP connections',
          description: 'Connections of clients, whether they play or not.',
          unit: 'short',
          query: { expr: `sum(${series('rtsp_connections')})` },
        }),
        figure({
          title: 'To players',
          description: 'Bytes sent per second.',
          unit: 'Bps',
          query: { expr: `sum(${rate('reader_bytes_total')})` },
        }),
        figure({
          title: 'Waiting for slow players',
          description: 'Bytes queued; bounded for each.',
          unit: 'bytes',
          query: { expr: `sum(${series('reader_queue_bytes')})` },
        }),
        figure({
          title: 'Certificate ends in',
          description: 'Of the certificate that is shown to clients; none without TLS.',
          unit: 's',
          query: { expr: `min(${series('certificate_expiry_timestamp_seconds')} - time())` },
          noValue: 'no TLS',
        }),
      ],
    },
    {
      title: 'Players',
      panels: [
        graph({
          title: 'Players by transport',
          description: 'How media reach them.',
          unit: 'short',
          stacked: true,
          queries: [{ expr: sumBy('transport', series('readers')), legend: '{{transport}}' }],
        }),
        graph({
          title: 'Sent to players',
          description: 'Bytes per second by camera.',
          unit: 'Bps',
          stacked: true,
          queries: [{ expr: sumBy('camera', rate('reader_bytes_total')), legend: '{{camera}}' }],
        }),
        graph({
          title: 'Slow players',
          description:
            'Skips to the next keyframe, and players cut off by reason. Their network, or ours, is too narrow.',
          unit: 'ops',
          queries: [
            { expr: sumBy('camera', rate('reader_skips_total')), legend: '{{camera}} skipped' },
            { expr: sumBy('reason', rate('reader_cuts_total')), legend: 'cut: {{reason}}' },
          ],
        }),
        graph({
          title: 'UDP packets not sent',
          description: 'By reason.',
          unit: 'pps',
          queries: [
            { expr: sumBy('reason', rate('udp_packets_dropped_total')), legend: '{{reason}}' },
          ],
        }),
      ],
    },
    {
      title: 'Requests',
      panels: [
        graph({
          title: 'RTSP requests',
          description: 'Per second by method.',
          unit: 'reqps',
          queries: [{ expr: sumBy('method', rate('rtsp_requests_total')), legend: '{{method}}' }],
        }),
        graph({
          title: 'RTSP errors',
          description:
            'Answers other than 2xx and 401 (a login that begins) per second, by status.',
          unit: 'reqps',
          queries: [
            {
              expr: sumBy('status', rate('rtsp_requests_total', 'status!~"2..|401"')),
              legend: '{{status}}',
            },
          ],
        }),
        graph({
          title: 'Time to answer RTSP requests',
          description:
            '99 of 100 are faster, by method. DESCRIBE of a camera that nobody watched includes connecting to it.',
          unit: 's',
          queries: [
            {
              expr: quantile(0.99, 'rtsp_request_duration_seconds', ['method']),
              legend: '{{method}}',
            },
          ],
        }),
        graph({
          title: 'Refused',
          description: 'Logins by reason, and what was over a limit.',
          unit: 'ops',
          queries: [
            { expr: sumBy('reason', rate('login_refusals_total')), legend: 'login: {{reason}}' },
            { expr: sumBy('limit', rate('limit_refusals_total')), legend: 'limit: {{limit}}' },
          ],
        }),
        graph({
          title: 'HTTP requests',
          description: 'Per second by status.',
          unit: 'reqps',
          queries: [
            {
              expr: sumBy('status', rate('http_request_duration_seconds_count')),
              legend: '{{status}}',
            },
          ],
        }),
        graph({
          title: 'Time to answer HTTP requests',
          description: 'To the head of the answer.',
          unit: 's',
          queries: [
            { expr: quantile(0.5, 'http_request_duration_seconds'), legend: 'half are faster' },
            { expr: quantile(0.99, 'http_request_duration_seconds'), legend: '99 % are faster' },
          ],
        }),
      ],
    },
    {
      title: 'Media processes',
      panels: [
        figure({
          title: 'Media processes down',
          description: 'Of several that share the cameras; none with a single one.',
          unit: 'short',
          width: 6,
          query: { expr: `count(${series('media_shard_up')} == 0) or vector(0)` },
          colours: badFrom(1),
        }),
        graph({
          title: 'Load of media processes',
          description: 'Bytes per second in and out; absent with a single process.',
          unit: 'Bps',
          width: 18,
          queries: [
            { expr: `max by (shard) (${series('media_shard_load')})`, legend: '{{shard}}' },
          ],
        }),
      ],
    },
  ],
});
