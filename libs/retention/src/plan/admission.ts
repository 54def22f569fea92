import type { Catalog } from '@nightjar/catalog';
import type { Clock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import { metrics } from '@nightjar/monitoring';
import type { Logger } from '@nightjar/monitoring';
import type { RetentionRules } from '../rules/rules.js';
import type { SizedVolume } from '../volumes.js';
import { forecastOf, measure } from './capacity.js';
import { measuredVolumes } from './retention-plan.js';
import { isOvercommitted, warningsOf } from './warnings.js';

export interface AdmissionOptions {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
  volume(name: string): Promise<SizedVolume>;
}

/** Rates change slowly. */
const INTERVAL_MS = 3_600_000;

/** Compares what the configuration promises with what the disks hold: at the first sweep, after each change, and each hour. */
export class Admission {
  private checked: NightjarConfig | undefined;
  private nextMs = -Infinity;

  constructor(private readonly options: AdmissionOptions) {}

  async check(config: NightjarConfig, rules: RetentionRules): Promise<void> {
    const { catalog, clock, logger } = this.options;
    const changed = config !== this.checked;
    if (!changed && clock.monotonicMs() < this.nextMs) return;
    this.checked = config;
    this.nextMs = clock.monotonicMs() + INTERVAL_MS;
    const nowMs = clock.wallMs();
    const volumes = await measuredVolumes({ ...this.options, config });
    const measured = await catalog.retention.read(async (reader) =>
      measure(reader, await reader.streams(), nowMs),
    );
    const forecasts = volumes.map((volume) => ({
      volume,
      forecast: forecastOf(volume, measured, rules, nowMs),
    }));
    for (const { volume, forecast } of forecasts)
      metrics.retentionOvercommitted.set(
        { volume: volume.rules.volume },
        isOvercommitted(forecast) ? 1 : 0,
      );
    if (!changed) return;
    for (const { message, ...where } of warningsOf(forecasts, measured, rules))
      if (where.code !== 'volume-away') logger.warn(where, message);
  }
}
