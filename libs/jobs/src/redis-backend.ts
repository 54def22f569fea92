import { createRedisBackend as createBullBackend } from 'bullmq';
import { Redis } from 'ioredis';
import { messageOf, NightjarError } from '@nightjar/common';
import type { JobsBackend, OnBackendError } from './backend.js';

const CONNECT_TIMEOUT_MS = 5_000;
const LAST_RETRY_MS = 5_000;
const FIRST_RETRY_MS = 100;

/**
 * Jobs in Redis or Valkey. Opens nothing until `connect`.
 * @param ca authorities for a `rediss:` server, PEM; undefined: those of the system
 */
export function createRedisBackend(url: string, onError: OnBackendError, ca?: string): JobsBackend {
  /** Why there is no connection: calls are only told that it is closed. */
  let refusal: string | undefined;
  const open = (options: {
    maxRetriesPerRequest: number | null;
    enableOfflineQueue: boolean;
  }): Redis => {
    const redis = new Redis(url, {
      ...options,
      lazyConnect: true,
      ...(ca !== undefined && { tls: { ca } }),
      connectTimeout: CONNECT_TIMEOUT_MS,
      retryStrategy: (times) => Math.min(FIRST_RETRY_MS * 2 ** Math.min(times, 10), LAST_RETRY_MS),
    });
    redis.on('error', (error: Error) => {
      refusal = messageOf(error);
      onError(refusal);
    });
    redis.on('ready', () => (refusal = undefined));
    return redis;
  };
  const producer = open({ maxRetriesPerRequest: 1, enableOfflineQueue: false });
  const consumer = open({ maxRetriesPerRequest: null, enableOfflineQueue: true });

  const reach = async (): Promise<void> => {
    try {
      // After a first failure ioredis goes on connecting by itself.
      if (producer.status === 'wait') await producer.connect();
      await producer.ping();
      if (consumer.status === 'wait') await consumer.connect();
    } catch (error) {
      throw new NightjarError(
        'unavailable',
        'jobs/redis-unavailable',
        `job queue: ${refusal ?? messageOf(error)}`,
        {},
        error,
      );
    }
  };
  /** Queues that are opened at the same time wait for the same connection. */
  let reaching: Promise<void> | undefined;

  return {
    kind: 'redis',
    producer,
    consumer,
    factory: createBullBackend,
    async connect() {
      reaching ??= reach().finally(() => (reaching = undefined));
      await reaching;
    },
    async close() {
      producer.disconnect();
      consumer.disconnect();
    },
  };
}
