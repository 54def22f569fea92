import { dashboard } from '../lib/dashboard.js';
import { badFrom, figure, graph, table } from '../lib/panels.js';
import { raw, series } from '../lib/promql.js';

const LEGEND = '{{instance}} {{role}} {{shard}}';
const by = (how: string, expression: string): string =>
  `${how} by (instance, role, shard) (${expression})`;
const rawRate = (name: string): string => `rate(${raw(name)}[$__rate_interval])`;

export const processes = dashboard({
  uid: 'nightjar-process',
  title: 'Process',
  description: 'CPU, memory, event loop and garbage collection of each process.',
  choices: [{ label: 'role', metric: 'nightjar_build_info' }],
  rows: [
    {
      title: 'Now',
      panels: [
        figure({
          title: 'Restarts',
          description: 'Starts of processes over the range shown, beyond the first.',
          unit: 'short',
          query: {
            expr: `sum(changes(${raw('process_start_time_seconds', 'role=~"$role"')}[$__range]))`,
          },
          colours: badFrom(1),
        }),
        figure({
          title: 'Worst delay of the event loop',
          description: '99 of 100 turns are less late. Media above 50 ms is felt by players.',
          unit: 's',
          query: {
            expr: `max(${series('event_loop_delay_seconds', 'percentile="99", role=~"$role"')})`,
          },
          colours: badFrom(0.1),
        }),
        figure({
          title: 'Memory',
          description: 'Resident, of all processes together.',
          unit: 'bytes',
          query: { expr: `sum(${raw('process_resident_memory_bytes', 'role=~"$role"')})` },
        }),
        figure({
          title: 'CPU',
          description: 'Cores in use by all processes together.',
          unit: 'short',
          query: {
            expr: `sum(rate(${raw('process_cpu_seconds_total', 'role=~"$role"')}[$__rate_interval]))`,
          },
        }),
        table({
          title: 'Versions',
          description:
            'What runs where. Several versions at once are an upgrade that has not ended.',
          rows: ['instance', 'role', 'version'],
          width: 8,
          height: 4,
          columns: [
            {
              heading: 'Processes',
              unit: 'short',
              expr: `count by (instance, role, version) (${series('build_info')})`,
            },
          ],
        }),
      ],
    },
    {
      title: 'Processes',
      panels: [
        graph({
          title: 'CPU',
          description: 'Cores in use. One process uses little more than one.',
          unit: 'short',
          queries: [{ expr: by('sum', rawRate('process_cpu_seconds_total')), legend: LEGEND }],
        }),
        graph({
          title: 'Resident memory',
          description: 'A line that only rises for days is a leak: report it.',
          unit: 'bytes',
          queries: [{ expr: by('sum', raw('process_resident_memory_bytes')), legend: LEGEND }],
        }),
        graph({
          title: 'Delay of the event loop',
          description: '99 of 100 turns are less late.',
          unit: 's',
          queries: [
            {
              expr: by('max', series('event_loop_delay_seconds', 'percentile="99"')),
              legend: LEGEND,
            },
          ],
        }),
        graph({
          title: 'Garbage collection',
          description: 'Share of the time that is spent in it.',
          unit: 'percentunit',
          queries: [{ expr: by('sum', rawRate('nodejs_gc_duration_seconds_sum')), legend: LEGEND }],
        }),
        graph({
          title: 'Heap',
          description: 'Memory of JavaScript in use.',
          unit: 'bytes',
          queries: [{ expr: by('sum', raw('nodejs_heap_size_used_bytes')), legend: LEGEND }],
        }),
        graph({
          title: 'Buffers',
          description: 'Memory outside of the heap: media on their way.',
          unit: 'bytes',
          queries: [{ expr: by('sum', raw('nodejs_external_memory_bytes')), legend: LEGEND }],
        }),
        graph({
          title: 'File descriptors',
          description: 'Share of the limit that is open: connections, files, pipes.',
          unit: 'percentunit',
          max: 1,
          queries: [
            {
              expr: by('max', `${raw('process_open_fds')} / ${raw('process_max_fds')}`),
              legend: LEGEND,
            },
          ],
        }),
      ],
    },
  ],
});
