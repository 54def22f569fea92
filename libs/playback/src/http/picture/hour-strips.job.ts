import { defineJob, z } from '@nightjar/jobs';

/** Makes the strips of the hours that are over, of every recorded stream, and drops those whose footage is gone. */
export const MakeHourStrips = defineJob('thumbnails.make', z.object({}), {
  dedupe: () => 'all',
  attempts: 2,
  backoff: { type: 'fixed', delay: 30_000 },
  keepCompleted: 10,
  keepFailed: 100,
});
