import type { Clock } from '@nightjar/common';

/** Passes the first call on, and then at most one per `everyMs`: for what repeats each second while a server is away. */
export function sparing(
  clock: Clock,
  everyMs: number,
  write: (reason: string) => void,
): (reason: string) => void {
  let nextMs = -Infinity;
  return (reason) => {
    const now = clock.monotonicMs();
    if (now < nextMs) return;
    nextMs = now + everyMs;
    write(reason);
  };
}
