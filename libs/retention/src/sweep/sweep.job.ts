import { defineJob, z } from '@nightjar/jobs';

/** One pass of retention over the volume of this name in the configuration; never two at a time per volume. */
export const RetentionSweep = defineJob(
  'retention.sweep',
  z.object({ volume: z.string().min(1) }),
  {
    dedupe: ({ volume }) => volume,
    attempts: 2,
    backoff: { type: 'fixed', delay: 5_000 },
    keepCompleted: 100,
    keepFailed: 1_000,
  },
);
