import type { JobContext } from '@nightjar/jobs';

/** A processor is called directly: nobody cancels the job, and nobody hears how far it is. */
export function jobContext(): JobContext {
  return {
    id: 'job',
    attempt: 1,
    signal: new AbortController().signal,
    report: () => undefined,
    parts: async () => [],
  };
}
