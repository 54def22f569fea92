import { Outage, type RoleContext } from '@nightjar/role';
import type { JobsBackend, OnBackendError } from './backend.js';
import { createJobsBackend } from './create-backend.js';

/**
 * The backend of a role, which tells in its log when it is away; `unavailable` is for those who work with it. Opens nothing.
 * @throws NightjarError `invalid` if the configuration names none
 */
export function backendOfRole({ config, requiredDatabaseUrl, clock, logger }: RoleContext): {
  readonly backend: JobsBackend;
  readonly unavailable: OnBackendError;
} {
  const unavailable = (reason: string): void => outage.complain(reason);
  const backend = createJobsBackend(config.queue, requiredDatabaseUrl, unavailable);
  const ask = (): Promise<void> => backend.connect();
  const outage = new Outage({ server: 'the job queue', ask, clock, log: logger });
  return { backend, unavailable };
}
