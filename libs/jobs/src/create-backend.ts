import { NightjarError } from '@nightjar/common';
import type { JobsBackend, OnBackendError } from './backend.js';
import { createPostgresBackend } from './postgres-backend.js';
import { createRedisBackend } from './redis-backend.js';

/**
 * The backend that the configuration asks for: PostgreSQL (its own `url` or the catalog's) or Redis.
 * @throws NightjarError `invalid` if it has no URL
 */
export function createJobsBackend(
  queue: { backend: 'postgres' | 'redis'; url: string | undefined; ca?: string | undefined },
  databaseUrl: string | undefined,
  onError: OnBackendError,
): JobsBackend {
  const url = queue.url ?? (queue.backend === 'postgres' ? databaseUrl : undefined);
  if (url === undefined)
    throw new NightjarError(
      'invalid',
      'jobs/no-url',
      `queue.backend: ${queue.backend} needs queue.url`,
    );
  return queue.backend === 'postgres'
    ? createPostgresBackend(url, onError)
    : createRedisBackend(url, onError, queue.ca);
}
