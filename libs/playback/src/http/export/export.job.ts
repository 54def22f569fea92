import { defineFlow, defineJob, z } from '@nightjar/jobs';

/** How often a step is tried. */
export const EXPORT_ATTEMPTS = 5;

/** Films made by one process at the same time: each reads as fast as the disks, on which footage is recorded meanwhile. */
const FILMS_AT_ONCE = 2;

const kept = {
  attempts: EXPORT_ATTEMPTS,
  backoff: { type: 'exponential', delay: 15_000 },
  keepCompleted: 100,
  keepFailed: 100,
  pace: { concurrency: FILMS_AT_ONCE },
} as const;

/** Writes one film of an export: one stream, of at most a day. `part` is its place in {@link partsOf}. */
export const ExportFilm = defineJob(
  'export.film',
  z.object({ id: z.uuid(), part: z.int().min(0) }),
  kept,
);

/** Makes an export of its films: manifest, archive, name. */
export const MakeExport = defineJob('export.make', z.object({ id: z.uuid() }), kept);

/** The films of an export on any worker, then the whole. */
export const ExportFlow = defineFlow(MakeExport, ExportFilm);

/** Deletes exports whose time is over, and folders that belong to no export. */
export const ExpireExports = defineJob('export.expire', z.object({}), {
  dedupe: () => 'all',
  attempts: 2,
  backoff: { type: 'fixed', delay: 5_000 },
  keepCompleted: 10,
  keepFailed: 100,
});
