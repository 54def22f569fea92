import { renderConfigReference } from '@nightjar/config';
import { renderMetricsReference } from '@nightjar/monitoring';

/** Every file that is made from code, by its path from the root of the repository. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['docs/ref/config.md', renderConfigReference()],
    ['docs/ref/metrics.md', renderMetricsReference()],
  ]);
}
