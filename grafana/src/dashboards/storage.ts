import { dashboard } from '../lib/dashboard.js';
import { badFrom, figure, goodFrom, graph } from '../lib/panels.js';
import { quantile, rate, rise, series, sumBy } from '../lib/promql.js';

const VOLUME_LEGEND = '{{volume}}';
const FREE = series('volume_free_bytes');

export const storage = dashboard({
  uid: 'nightjar-storage',
  title: 'Storage and retention',
  description: 'The disks, how fast they write, and what is deleted from them and why.',
  choices: [{ label: 'volume', metric: 'nightjar_volume_healthy' }],
  rows: [
    {
      title: 'Now',
      panels: [
        figure({
          title: 'Volumes in use',
          description: 'Share of the volumes that can be used.',
          unit: 'percentunit',
          query: { expr: `avg(${series('volume_healthy', 'volume=~"$volume"')})` },
          colours: goodFrom(1),
        }),
        figure({
          title: 'Least free',
          description: 'Share of the fullest volume that is free.',
          unit: 'percentunit',
          query: { expr: `min(${FREE} / ${series('volume_size_bytes')})` },
        }),
        figure({
          title: 'Retention stopped itself',
          description:
            'Volumes whose plan looked wrong and waits for an answer: nightjar retention status.',
          unit: 'short',
          query: { expr: `sum(${series('retention_blocked')})` },
          colours: badFrom(1),
        }),
        figure({
          title: 'Full of protected footage',
          description: 'Volumes where guarantees and holds leave nothing to delete.',
          unit: 'short',
          query: { expr: `sum(${series('retention_emergency')})` },
          colours: badFrom(1),
        }),
        figure({
          title: 'Guarantees too large',
          description: 'Volumes that cannot hold what is guaranteed at present rates.',
          unit: 'short',
          query: { expr: `sum(${series('retention_overcommitted')}) or vector(0)` },
          colours: badFrom(1),
        }),
        figure({
          title: 'Last sweep',
          description: 'Time since the sweep of the volume that waited longest.',
          unit: 's',
          query: { expr: `max(time() - ${series('retention_sweep_timestamp_seconds')})` },
        }),
      ],
    },
    {
      title: 'Room',
      panels: [
        graph({
          title: 'Free space',
          description: 'Bytes free per volume.',
          unit: 'bytes',
          queries: [{ expr: `min by (volume) (${FREE})`, legend: VOLUME_LEGEND }],
        }),
        graph({
          title: 'Used',
          description: 'Share of the file system, all that is on it.',
          unit: 'percentunit',
          max: 1,
          queries: [
            {
              expr: `max by (volume) (1 - ${FREE} / ${series('volume_size_bytes')})`,
              legend: VOLUME_LEGEND,
            },
          ],
        }),
        graph({
          title: 'Footage reaches back',
          description: 'Age of the oldest footage of each camera.',
          unit: 's',
          queries: [
            {
              expr: `max by (camera) (time() - ${series('recording_oldest_timestamp_seconds')})`,
              legend: '{{camera}}',
            },
          ],
        }),
        graph({
          title: 'Deleted by rule',
          description: 'Bytes per second, by the rule that asked for it.',
          unit: 'Bps',
          stacked: true,
          queries: [
            { expr: sumBy('rule', rate('retention_deleted_bytes_total')), legend: '{{rule}}' },
          ],
        }),
      ],
    },
    {
      title: 'Writing',
      panels: [
        graph({
          title: 'Writing a fragment',
          description:
            'Write and sync of one second of footage. Above a second the disk does not keep up.',
          unit: 's',
          queries: [
            { expr: quantile(0.5, 'fragment_write_duration_seconds'), legend: 'half are faster' },
            { expr: quantile(0.99, 'fragment_write_duration_seconds'), legend: '99 % are faster' },
          ],
        }),
        graph({
          title: 'Closing a segment',
          description: 'Index, sync, journal.',
          unit: 's',
          queries: [
            { expr: quantile(0.99, 'segment_commit_duration_seconds'), legend: '99 % are faster' },
          ],
        }),
        graph({
          title: 'Failures of volumes',
          description: 'Writes that failed and checks that were not passed, by reason.',
          unit: 'ops',
          queries: [
            {
              expr: sumBy('volume, reason', rate('volume_failures_total', 'volume=~"$volume"')),
              legend: '{{volume}} {{reason}}',
            },
          ],
        }),
        graph({
          title: 'Left out',
          description: 'Bytes of media that were not written, by reason.',
          unit: 'Bps',
          queries: [
            { expr: sumBy('reason', rate('recording_dropped_bytes_total')), legend: '{{reason}}' },
          ],
        }),
      ],
    },
    {
      title: 'Integrity',
      panels: [
        figure({
          title: 'Damaged segments',
          description: 'Files that are not what was recorded: nightjar verify.',
          unit: 'short',
          width: 6,
          query: { expr: `sum(${series('integrity_damaged_segments')}) or vector(0)` },
          colours: badFrom(1),
        }),
        figure({
          title: 'Findings of the last scan',
          description: 'Files and rows that do not fit each other: nightjar fsck.',
          unit: 'short',
          width: 6,
          query: { expr: `sum(${series('volume_findings')}) or vector(0)` },
          colours: badFrom(1),
        }),
        figure({
          title: 'Checked',
          description: 'Footage read and compared with its hash over the range shown.',
          unit: 'bytes',
          width: 6,
          query: { expr: `sum(${rise('integrity_checked_bytes_total')}) or vector(0)` },
        }),
        figure({
          title: 'Deleted',
          description: 'Segments deleted over the range shown.',
          unit: 'short',
          width: 6,
          query: { expr: `sum(${rise('retention_deleted_segments_total')}) or vector(0)` },
        }),
      ],
    },
  ],
});
