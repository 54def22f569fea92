import type { Catalog } from '@nightjar/catalog';
import type { Clock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import { metrics } from '@nightjar/monitoring';
import type { Logger } from '@nightjar/monitoring';
import type { RetentionRules } from '../rules/rules.js';
import type { SizedVolume } from '../volumes.js';
import { forecastOf, measure, MIN_RATE_MS } from './capacity.js';
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

/**
 * Compares what the configuration promises with what the disks hold: at the first sweep, after each change, each hour, and
 * as soon as the rate of a new camera is known. Says each thing once.
 */
export class Admission {
  private checked: NightjarConfig | undefined;
  private nextMs = -Infinity;
  /** What was said about this configuration. */
  private said = new Set<string>();

  constructor(private readonly options: AdmissionOptions) {}

  async check(config: NightjarConfig, rules: RetentionRules): Promise<void> {
    const { catalog, clock, logger } = this.options;
    const changed = config !== this.checked;
    if (!changed && clock.monotonicMs() < this.nextMs) return;
    if (changed) this.said = new Set();
    this.checked = config;
    const nowMs = clock.wallMs();
    const volumes = await measuredVolumes({ ...this.options, config });
    const measured = await catalog.retention.read(async (reader) =>
      measure(reader, await reader.streams(), nowMs),
    );
    const soon = measured.some(({ rateKnown }) => !rateKnown);
    this.nextMs = clock.monotonicMs() + (soon ? MIN_RATE_MS : INTERVAL_MS);
    const forecasts = volumes.map((volume) => ({
      volume,
      forecast: forecastOf(volume, measured, rules, nowMs),
    }));
    for (const { volume, forecast } of forecasts)
      metrics.retentionOvercommitted.set(
        { volume: volume.rules.volume },
        isOvercommitted(forecast) ? 1 : 0,
      );
    for (const { message, ...where } of warningsOf(forecasts, measured, rules)) {
      const key = JSON.stringify(where);
      if (where.code === 'volume-away' || this.said.has(key)) continue;
      this.said.add(key);
      logger.warn(where, message);
    }
  }
}
