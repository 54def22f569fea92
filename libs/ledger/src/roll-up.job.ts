import { defineJob, z } from '@nightjar/jobs';

/** Sums what became of the days that are over and are not summed yet, or not rightly any more; never two at a time. */
export const CompletenessRollUp = defineJob('ledger.roll-up', z.object({}), {
  dedupe: () => 'all',
  attempts: 3,
  backoff: { type: 'exponential', delay: 30_000 },
  result: z.object({ days: z.number() }),
});
