import { defineJob, z } from '@nightjar/jobs';

/** Makes one export; never twice at a time. */
export const MakeExport = defineJob('export.make', z.object({ id: z.uuid() }), {
  dedupe: ({ id }) => id,
  attempts: 5,
  backoff: { type: 'exponential', delay: 15_000 },
  keepCompleted: 100,
  keepFailed: 100,
});

/** Deletes exports whose time is over, and folders that belong to no export. */
export const ExpireExports = defineJob('export.expire', z.object({}), {
  dedupe: () => 'all',
  attempts: 2,
  backoff: { type: 'fixed', delay: 5_000 },
  keepCompleted: 10,
  keepFailed: 100,
});
