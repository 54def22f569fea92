import { defineJob, z } from '@nightjar/jobs';

const ofVolume = z.object({ volume: z.string().min(1) });
const perVolume = {
  dedupe: ({ volume }: { volume: string }) => volume,
  attempts: 2,
  backoff: { type: 'fixed', delay: 5_000 },
} as const;

/** Goes on reading the files of a volume and comparing them with their hashes; never two at a time per volume. */
export const IntegrityCheck = defineJob('integrity.check', ofVolume, perVolume);

/** Compares the names and sizes of a volume's files with the catalog, and reports. */
export const VolumeScan = defineJob('integrity.scan', ofVolume, perVolume);

/** Makes catalog rows of files that have none: after a restored or rebuilt database. Never drops a row. */
export const CatalogReconcile = defineJob('integrity.reconcile', ofVolume, perVolume);

/** Signs the days that are over and have no checkpoint yet. */
export const SignCheckpoints = defineJob('integrity.checkpoint', z.object({}), {
  dedupe: () => 'all',
  attempts: 5,
  backoff: { type: 'exponential', delay: 60_000 },
});
