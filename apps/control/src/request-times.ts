import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@nightjar/common';
import { metrics } from '@nightjar/monitoring';

const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
]);

/** Who asks here wants to wait. */
const LONG_POLLS = '/onvif/event_service/pull/';

/**
 * Measures from a request to the head of its answer: how long a body takes is up to whoever reads it. Goes before
 * everything that answers.
 */
export function measureRequests(
  clock: Clock,
): (request: IncomingMessage, response: ServerResponse, next: () => void) => void {
  return ({ method = '', url = '' }, response, next) => {
    if (url.startsWith(LONG_POLLS)) {
      next();
      return;
    }
    const askedMs = clock.monotonicMs();
    const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
    response.writeHead = (...args: unknown[]) => {
      metrics.httpRequestDurationSeconds.observe(
        { method: METHODS.has(method) ? method : 'other', status: String(args[0]) },
        (clock.monotonicMs() - askedMs) / 1000,
      );
      return writeHead(...args);
    };
    next();
  };
}
