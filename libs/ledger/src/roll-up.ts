import type { Catalog } from '@nightjar/catalog';
import type { Clock } from '@nightjar/common';
import { processorOf } from '@nightjar/jobs';
import type { JobProcessor } from '@nightjar/jobs';
import { CompletenessRollUp } from './roll-up.job.js';

export interface RollUpOptions {
  readonly catalog: Pick<Catalog, 'completeness'>;
  readonly clock: Clock;
}

/** The processor of {@link CompletenessRollUp}. Idempotent: each day is a transaction of its own, made from facts that stay. */
export function rollUpProcessor({ catalog, clock }: RollUpOptions): JobProcessor {
  return processorOf(CompletenessRollUp, async (_data, { signal, report }) => ({
    days: await catalog.completeness.rollUp(clock.wallMs(), signal, report),
  }));
}
