import { format } from 'prettier';
import { renderConfigReference } from '@nightjar/config';
import { renderMetricsReference } from '@nightjar/monitoring';
import { DASHBOARDS } from '../../grafana/src/dashboards/index.js';

/** Every file that is made from code, by its path from the root of the repository. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  const files = new Map([
    ['docs/ref/config.md', renderConfigReference()],
    ['docs/ref/metrics.md', renderMetricsReference()],
  ]);
  for (const [name, dashboard] of Object.entries(DASHBOARDS))
    files.set(`grafana/dashboards/Nightjar/${name}.json`, await json(dashboard));
  return files;
}

/** As `npm run format` leaves it. */
function json(value: unknown): Promise<string> {
  return format(JSON.stringify(value), { parser: 'json', printWidth: 100 });
}
