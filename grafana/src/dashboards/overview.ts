import { dashboard } from '../lib/dashboard.js';
import { badFrom, figure, goodFrom, graph, table } from '../lib/panels.js';
import { rate, rise, series, sumBy } from '../lib/promql.js';

/** Streams that are to be recorded now and bring nothing. */
const WANTED = `${series('recording_wanted')} == 1`;
const WRITTEN_LATELY = `time() - ${series('recording_last_sample_timestamp_seconds')} < 30`;

export const overview = dashboard({
  uid: 'nightjar-overview',
  title: 'Overview',
  description:
    'Is everything that should be recorded being recorded, and for how long will there be room?',
  rows: [
    {
      title: 'Now',
      panels: [
        figure({
          title: 'To be recorded',
          description: 'Streams that schedule, events and operators want to be recorded now.',
          unit: 'short',
          query: { expr: `count(${WANTED}) or vector(0)` },
        }),
        figure({
          title: 'Not being recorded',
          description:
            'Of these, streams of which nothing was written in the last 30 seconds. The table below names them.',
          unit: 'short',
          query: {
            expr: `count((${WANTED}) unless on (job, instance, camera, stream) (${WRITTEN_LATELY})) or vector(0)`,
          },
          colours: badFrom(1),
        }),
        figure({
          title: 'Completeness',
          description:
            'Share of the time that was asked for that is on disk, over the range shown.',
          unit: 'percentunit',
          query: {
            expr: `1 - sum(${rise('camera_missing_seconds_total')}) / sum(${rise('camera_expected_seconds_total')})`,
          },
          colours: goodFrom(0.999),
        }),
        figure({
          title: 'Missing',
          description: 'Seconds that were asked for and are not there, over the range shown.',
          unit: 's',
          query: { expr: `sum(${rise('camera_missing_seconds_total')})` },
          colours: badFrom(1),
        }),
        figure({
          title: 'Volumes that cannot be used',
          description: 'Missing, failed, foreign or full disks. See Storage and retention.',
          unit: 'short',
          query: { expr: `count(${series('volume_healthy')} == 0) or vector(0)` },
          colours: badFrom(1),
        }),
        figure({
          title: 'Footage reaches back',
          description: 'Age of the oldest footage of the stream that has least.',
          unit: 's',
          query: { expr: `min(time() - ${series('recording_oldest_timestamp_seconds')})` },
        }),
      ],
    },
    {
      title: 'Footage',
      panels: [
        graph({
          title: 'Missing footage by reason',
          description:
            'Seconds per second over all cameras: 2 means that two cameras are not being recorded.',
          unit: 'short',
          stacked: true,
          queries: [
            { expr: sumBy('reason', rate('camera_missing_seconds_total')), legend: '{{reason}}' },
          ],
        }),
        graph({
          title: 'Written to disk',
          description: 'Bytes of footage per second, by camera.',
          unit: 'Bps',
          stacked: true,
          queries: [{ expr: sumBy('camera', rate('recording_bytes_total')), legend: '{{camera}}' }],
        }),
        table({
          title: 'Cameras',
          description:
            'Each stream that is declared to be recorded, worst first when sorted by missing seconds.',
          rows: ['camera', 'stream'],
          columns: [
            {
              heading: 'Wanted now',
              unit: 'bool_yes_no',
              expr: `max by (camera, stream) (${series('recording_wanted')})`,
            },
            {
              heading: 'Delivers',
              unit: 'bool_yes_no',
              expr: `max by (camera, stream) (${series('camera_up')})`,
            },
            {
              heading: 'Missing',
              unit: 's',
              expr: `sum by (camera, stream) (${rise('camera_missing_seconds_total')})`,
            },
            {
              heading: 'Last written',
              unit: 's',
              expr: `min by (camera, stream) (time() - ${series('recording_last_sample_timestamp_seconds')})`,
            },
            {
              heading: 'Reaches back',
              unit: 's',
              expr: `max by (camera, stream) (time() - ${series('recording_oldest_timestamp_seconds')})`,
            },
          ],
        }),
      ],
    },
    {
      title: 'Room and players',
      panels: [
        graph({
          title: 'Free space',
          description: 'Bytes free per volume. Retention keeps it above `minFreeBytes`.',
          unit: 'bytes',
          queries: [
            { expr: `min by (volume) (${series('volume_free_bytes')})`, legend: '{{volume}}' },
          ],
        }),
        graph({
          title: 'Players',
          description: 'Readers attached, by how media reach them.',
          unit: 'short',
          stacked: true,
          queries: [{ expr: sumBy('transport', series('readers')), legend: '{{transport}}' }],
        }),
      ],
    },
  ],
});
