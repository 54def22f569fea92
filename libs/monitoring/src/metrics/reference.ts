import { registry } from './declare.js';
import { LABELS } from './labels.js';
import { SUBSYSTEMS } from './metrics.js';

/** What prom-client keeps of a metric beside what its types tell. */
interface Described {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labelNames: readonly string[];
  readonly upperBounds?: readonly number[];
}

const INTRODUCTION = `# Metrics

<!-- Made from libs/monitoring/src/metrics by \`npm run generate\`; do not edit. -->
<!-- prettier-ignore-start -->

Served as \`GET /metrics\` on the operations port (\`operations.port\`), in the text format of Prometheus. Under the appliance one page has
the series of all processes. Every series also has the label \`role\`; with several media processes those without \`camera\` have \`shard\`.
Beside these there are \`process_*\` (CPU, memory, descriptors, start) and \`nodejs_*\` (garbage collection, heap) of each process.
`;

/** \`docs/ref/metrics.md\`: every series with its type, labels and meaning. */
export function renderMetricsReference(): string {
  const known = new Map(
    (registry.getMetricsAsArray() as unknown as Described[]).map((metric) => [metric.name, metric]),
  );
  const sections = SUBSYSTEMS.flatMap(({ title, metrics }) => [
    `## ${title}`,
    '',
    '| name | type | labels | meaning |',
    '|---|---|---|---|',
    ...Object.values(metrics).map((metric) =>
      rowOf(known.get((metric as unknown as Described).name)!),
    ),
    '',
  ]);
  const labels = Object.entries(LABELS).map(([label, values]) => `| \`${label}\` | ${values} |`);
  return [
    INTRODUCTION,
    ...sections,
    '## Labels',
    '',
    '| label | values |',
    '|---|---|',
    ...labels,
    '',
    '<!-- prettier-ignore-end -->\n',
  ].join('\n');
}

function rowOf({ name, type, labelNames, help, upperBounds }: Described): string {
  const labels = labelNames.map((label) => `\`${label}\``).join(', ');
  const buckets = upperBounds === undefined ? '' : ` Buckets: ${upperBounds.join(', ')}.`;
  return `| \`${name}\` | ${type} | ${labels} | ${help.replaceAll('|', '\\|')}${buckets} |`;
}
