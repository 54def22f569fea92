import type { RequestRates } from '@nightjar/access';
import { NightjarError } from '@nightjar/common';

/** The part of a request that is looked at. */
interface Asking {
  /** Of the client; behind a trusted proxy, as that one says. */
  readonly ip?: string | undefined;
}

/** Until a client that asks too fast may come again, at the latest. */
const RETRY_AFTER_SECONDS = 1;

/**
 * Refuses requests of addresses that ask too fast, before anything is done for them.
 * @param refused told of each that was
 */
export function limitRequests(rates: RequestRates, refused: () => void) {
  return ({ ip = '' }: Asking, _response: unknown, next: (error?: unknown) => void): void => {
    if (rates.take(ip)) {
      next();
      return;
    }
    refused();
    next(
      new NightjarError('exhausted', 'http/request-rate', 'too many requests of this address', {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      }),
    );
  };
}
