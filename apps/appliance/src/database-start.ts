import { messageOf, type Clock } from '@nightjar/common';
import type { Logger } from '@nightjar/monitoring';
import { RestartBackoff } from '@nightjar/supervision';

/**
 * Tries `migrate` until it succeeds, with growing pauses: a database that is down at the start is waited for.
 * Returns false if `stop` was signalled first.
 */
export async function migrateWhenReachable(
  migrate: () => Promise<readonly string[]>,
  stop: AbortSignal,
  clock: Clock,
  log: Logger,
): Promise<boolean> {
  const backoff = new RestartBackoff();
  while (!stop.aborted) {
    try {
      const ran = await migrate();
      if (ran.length > 0) log.info({ migrations: ran }, 'database schema brought up to date');
      return !stop.aborted;
    } catch (error) {
      const retryInMs = backoff.next(0);
      log.warn(
        { err: { message: messageOf(error) }, retryInMs },
        'database not ready; recording goes on without it',
      );
      await pause(retryInMs, stop, clock);
    }
  }
  return false;
}

function pause(ms: number, stop: AbortSignal, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      stop.removeEventListener('abort', end);
      timer.cancel();
      resolve();
    };
    const timer = clock.setTimer(ms, end);
    stop.addEventListener('abort', end);
  });
}
