import type { ErrorKind } from '@nightjar/common';

/** RTSP status per kind of error (RFC 2326 s.11.3). */
export const STATUS_OF_KIND: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 455,
  unavailable: 503,
  exhausted: 503,
  protocol: 400,
  'data-loss': 500,
  cancelled: 503,
  internal: 500,
};
