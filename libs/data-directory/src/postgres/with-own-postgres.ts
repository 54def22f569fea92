import { NightjarError } from '@nightjar/common';
import type { Logger } from '@nightjar/monitoring';
import { PostgresServer } from './postgres-server.js';

/**
 * Runs the PostgreSQL of a data directory as long as `work` goes on; makes it where there is none yet. The caller holds the lock of
 * the directory.
 * @throws NightjarError `postgres/...` when this machine cannot run it, and whatever `work` throws
 */
export async function withOwnPostgres<Result>(
  dataDir: string,
  log: Pick<Logger, 'debug' | 'warn'>,
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  const server = await PostgresServer.choose(dataDir, log);
  await server.prepare();
  const running = server.start();
  const gone = new Promise<string>((resolve) => running.onExit(resolve));
  const serves = new Promise<void>((resolve) => running.onReady(resolve));
  const failed = gone.then((how): never => {
    throw new NightjarError(
      'unavailable',
      'postgres/ended',
      `The embedded PostgreSQL ended (${how})`,
    );
  });
  try {
    await Promise.race([serves, failed]);
    return await Promise.race([work(server.url), failed]);
  } finally {
    running.signal('SIGINT');
    await gone;
  }
}
