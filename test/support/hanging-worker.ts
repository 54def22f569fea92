import { systemClock } from '@nightjar/common';
import { createJobsBackend, JobWorker, processorOf } from '@nightjar/jobs';
import type { JobTiming } from '@nightjar/jobs';
import { Orphan } from './orphan.job.js';

/** A worker that takes a job, tells its parent, and never ends it. */
const kind = process.env['BACKEND'] === 'redis' ? 'redis' : 'postgres';
const backend = createJobsBackend(
  { backend: kind, url: process.env['URL'] },
  undefined,
  () => undefined,
);
const hang = processorOf(Orphan, async () => {
  process.send?.('taken');
  await new Promise(() => undefined);
});
const listener = { finished: () => undefined, unavailable: () => undefined };
const timing = JSON.parse(process.env['TIMING'] ?? '{}') as JobTiming;
await new JobWorker(backend, [Orphan], [hang], systemClock, listener, timing).start();
