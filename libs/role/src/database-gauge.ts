import type { Clock } from '@nightjar/common';
import { metrics } from '@nightjar/monitoring';

/** Who scrapes does not wait longer for a database that hangs. */
const ANSWER_MS = 1_000;

/** Sets `nightjar_database_up` by whether `ping` resolves in time. */
export async function gaugeDatabase(ping: () => Promise<void>, clock: Clock): Promise<void> {
  const answered = await new Promise<boolean>((resolve) => {
    const timer = clock.setTimer(ANSWER_MS, () => resolve(false));
    const settle = (up: boolean) => (): void => {
      timer.cancel();
      resolve(up);
    };
    ping().then(settle(true), settle(false));
  });
  metrics.databaseUp.set(answered ? 1 : 0);
}
