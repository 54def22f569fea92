import { NightjarError } from '@nightjar/common';
import type { AnyJobContract, QueuePace } from './contract.js';

/** Jobs of one queue that a process works on at the same time, unless the contract says so. */
const CONCURRENCY = 4;

/**
 * How fast each queue is worked off.
 * @throws NightjarError `invalid` if two jobs of one queue want it differently
 */
export function pacesOf(
  contracts: readonly AnyJobContract[],
): ReadonlyMap<string, QueuePace & { concurrency: number }> {
  const paces = new Map<string, QueuePace & { concurrency: number }>();
  const said = new Map<string, QueuePace>();
  for (const { name, queue, options } of contracts) {
    const before = said.get(queue);
    if (options.pace !== undefined && before !== undefined && !same(before, options.pace))
      throw new NightjarError(
        'invalid',
        'jobs/pace',
        `${name}: another job of queue ${queue} asks for another pace`,
        { job: name },
      );
    const pace = options.pace ?? before;
    if (pace !== undefined) said.set(queue, pace);
    paces.set(queue, { concurrency: CONCURRENCY, ...pace });
  }
  return paces;
}

function same(a: QueuePace, b: QueuePace): boolean {
  return (
    a.concurrency === b.concurrency &&
    a.rate?.jobs === b.rate?.jobs &&
    a.rate?.perMs === b.rate?.perMs
  );
}
