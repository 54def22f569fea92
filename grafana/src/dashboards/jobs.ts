import { dashboard } from '../lib/dashboard.js';
import { badFrom, figure, goodFrom, graph } from '../lib/panels.js';
import { quantile, rate, series, sumBy } from '../lib/promql.js';

export const jobs = dashboard({
  uid: 'nightjar-jobs',
  title: 'Jobs and database',
  description:
    'Whether the catalog keeps up with the recorder, and whether the work in the background gets done.',
  rows: [
    {
      title: 'Now',
      panels: [
        figure({
          title: 'Database',
          description: 'Whether it answers every role that needs it.',
          unit: 'bool_yes_no',
          query: { expr: `min(${series('database_up')})` },
          colours: goodFrom(1),
        }),
        figure({
          title: 'Catalog behind',
          description:
            'Bytes of journals that are not in the catalog yet. Recording goes on without it; nothing is lost.',
          unit: 'bytes',
          query: { expr: `sum(${series('catalog_lag_bytes')})` },
          colours: badFrom(10_000_000),
        }),
        figure({
          title: 'Waiting longest',
          description: 'How long the job that waits longest has waited. Rises when no worker runs.',
          unit: 's',
          query: { expr: `max(${series('queue_oldest_waiting_seconds')})` },
          colours: badFrom(600),
        }),
        figure({
          title: 'Failed for good',
          description: 'Jobs whose attempts are used up: GET /api/v1/jobs?state=failed.',
          unit: 'short',
          query: { expr: `sum(${series('queue_jobs', 'state="failed"')})` },
          colours: badFrom(1),
        }),
        figure({
          title: 'Running',
          description: 'Jobs at work.',
          unit: 'short',
          query: { expr: `sum(${series('queue_jobs', 'state="active"')})` },
        }),
        figure({
          title: 'Segments entered',
          description: 'Per second.',
          unit: 'ops',
          query: { expr: `sum(${rate('catalog_segments_total')})` },
        }),
      ],
    },
    {
      title: 'Jobs',
      panels: [
        graph({
          title: 'Waiting',
          description: 'Jobs that wait, by queue.',
          unit: 'short',
          stacked: true,
          queries: [
            {
              expr: sumBy('queue', series('queue_jobs', 'state=~"waiting|waiting-parts"')),
              legend: '{{queue}}',
            },
          ],
        }),
        graph({
          title: 'Waiting longest',
          description: 'By queue.',
          unit: 's',
          queries: [
            {
              expr: `max by (queue) (${series('queue_oldest_waiting_seconds')})`,
              legend: '{{queue}}',
            },
          ],
        }),
        graph({
          title: 'Attempts',
          description: 'Ended per second, by job and result.',
          unit: 'ops',
          queries: [
            {
              expr: sumBy('job_name, result', rate('jobs_total')),
              legend: '{{job_name}} {{result}}',
            },
          ],
        }),
        graph({
          title: 'Time of attempts',
          description: '95 of 100 are faster.',
          unit: 's',
          queries: [
            { expr: quantile(0.95, 'job_duration_seconds', ['job_name']), legend: '{{job_name}}' },
          ],
        }),
      ],
    },
    {
      title: 'Database',
      panels: [
        graph({
          title: 'Queries',
          description: 'Queries and transactions per second, by role.',
          unit: 'ops',
          queries: [
            {
              expr: sumBy('role', rate('database_query_duration_seconds_count')),
              legend: '{{role}}',
            },
          ],
        }),
        graph({
          title: 'Time of queries',
          description: 'Waiting for a connection included, by role.',
          unit: 's',
          queries: [
            {
              expr: quantile(0.99, 'database_query_duration_seconds', ['role']),
              legend: '{{role}}, 99 % are faster',
            },
          ],
        }),
        graph({
          title: 'Catalog behind',
          description: 'Bytes of the journal that are not in the catalog yet, by volume.',
          unit: 'bytes',
          queries: [
            { expr: `max by (volume) (${series('catalog_lag_bytes')})`, legend: '{{volume}}' },
          ],
        }),
        graph({
          title: 'Segments entered',
          description: 'Per second.',
          unit: 'ops',
          queries: [{ expr: sumBy('', rate('catalog_segments_total')), legend: 'segments' }],
        }),
      ],
    },
  ],
});
