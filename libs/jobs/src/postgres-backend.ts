import { createPostgresBackend as createBullBackend, runMigrations } from 'bullmq';
import type { BackendFactory } from 'bullmq';
import pg from 'pg';
import { messageOf, NightjarError } from '@nightjar/common';
import type { JobsBackend, OnBackendError } from './backend.js';

/** Fixed by BullMQ for a pool that we made ourselves. */
const SCHEMA = 'bullmq';
/** Opened as needed. The worker of each queue keeps one for LISTEN; the rest are for short queries. */
const POOL_CONNECTIONS = 16;
const CONNECT_TIMEOUT_MS = 5_000;
/** Every queue and worker listens on the shared pool. */
const POOL_LISTENERS = 100;

/** Jobs in PostgreSQL, in a schema of their own. Opens nothing until `connect`. */
export function createPostgresBackend(url: string, onError: OnBackendError): JobsBackend {
  const pool = new pg.Pool({
    connectionString: url,
    options: `-c search_path=${SCHEMA}`,
    application_name: 'nightjar-jobs',
    keepAlive: true,
    max: POOL_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  pool.setMaxListeners(POOL_LISTENERS);
  pool.on('error', (error) => onError(messageOf(error)));
  // A connection that breaks while it is checked out reports on the client; unheard, it would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  let migrated = false;

  return {
    kind: 'postgres',
    producer: pool,
    consumer: pool,
    // The typings of a queue know the connections of Redis only.
    factory: createBullBackend as unknown as BackendFactory,
    async connect() {
      try {
        const client = await pool.connect();
        try {
          if (!migrated) await runMigrations(client, SCHEMA);
          migrated = true;
        } finally {
          client.release();
        }
      } catch (error) {
        throw new NightjarError(
          'unavailable',
          'jobs/postgres-unavailable',
          `job queue: ${messageOf(error)}`,
          {},
          error,
        );
      }
    },
    close: () => pool.end(),
  };
}
