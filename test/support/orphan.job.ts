import { defineJob, z } from '@nightjar/jobs';

/** A job whose worker is killed in a test. */
export const Orphan = defineJob('orphan.adopt', z.object({ text: z.string() }));
