import type { Catalog } from '@nightjar/catalog';
import type { Clock } from '@nightjar/common';
import { NightjarError } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import { processorOf } from '@nightjar/jobs';
import type { JobProcessor } from '@nightjar/jobs';
import { metrics } from '@nightjar/monitoring';
import type { CameraPolicy } from './plan.js';
import { nodeRemovalSystem, SegmentRemover } from './segment-remover.js';
import { RetentionSweep } from './sweep.job.js';
import { sweepVolume } from './sweep.js';
import type { RetentionVolume } from './sweep.js';

export interface RetentionOptions {
  readonly catalog: Catalog;
  readonly clock: Clock;
  /** The configuration in force now. */
  config(): NightjarConfig;
  /** The volume of that name; throws while it is not there. */
  volume(name: string): Promise<RetentionVolume>;
}

/** The processor of {@link RetentionSweep}. Idempotent: deletion is two-phase and every step can be repeated. */
export function retentionProcessor(options: RetentionOptions): JobProcessor {
  return processorOf(RetentionSweep, async ({ volume: name }, { signal }) => {
    const config = options.config();
    const settings = config.volumes[name];
    if (settings === undefined) {
      throw new NightjarError(
        'not-found',
        'retention/unknown-volume',
        `there is no volume ${name} in the configuration`,
        { volume: name },
      );
    }
    const volume = await options.volume(name);
    await sweepVolume(
      {
        repository: options.catalog.retention,
        volume,
        remover: new SegmentRemover(volume.root, nodeRemovalSystem),
        clock: options.clock,
        policies: policiesOf(config),
        minFreeBytes: settings.minFreeBytes,
        deleted: (segments) => {
          for (const { rule, bytes } of segments) {
            metrics.retentionDeletedSegments.inc({ rule });
            metrics.retentionDeletedBytes.inc({ rule }, bytes);
          }
        },
      },
      signal,
    );
  });
}

export function policiesOf(config: NightjarConfig): Map<string, CameraPolicy> {
  return new Map(Object.values(config.cameras).map(({ name, retention }) => [name, retention]));
}
