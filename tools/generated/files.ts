import { format } from 'prettier';
import { configJsonSchema, renderConfigReference } from '@nightjar/config';
import { renderMetricsReference } from '@nightjar/monitoring';
import { chartReadme, copiesForChart, valuesSchema } from './chart.js';
import { renderQuirksReference } from './quirks.js';
import { DASHBOARDS } from '../../grafana/src/dashboards/index.js';

/** Every file that is made from code, by its path from the root of the repository. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const files = new Map([
    ['docs/ref/config.md', renderConfigReference()],
    ['docs/ref/metrics.md', renderMetricsReference()],
    ['docs/ref/quirks.md', renderQuirksReference()],
  ]);
  files.set('docs/ref/nightjar.schema.json', await json(configJsonSchema()));
  for (const [name, dashboard] of Object.entries(DASHBOARDS)) {
    const text = await json(dashboard);
    files.set(`grafana/dashboards/Nightjar/${name}.json`, text);
    files.set(`helm/nightjar/files/dashboards/${name}.json`, text);
  }
  for (const [file, text] of copiesForChart()) files.set(file, text);
  files.set('helm/nightjar/values.schema.json', await json(valuesSchema()));
  files.set('helm/nightjar/README.md', chartReadme());
  return files;
}

/** As `npm run format` leaves it. */
function json(value: unknown): Promise<string> {
  return format(JSON.stringify(value), { parser: 'json', printWidth: 100 });
}
