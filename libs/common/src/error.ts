/** What went wrong, for machines: one table each maps it to an HTTP and an RTSP status. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'unavailable'
  | 'exhausted'
  | 'protocol'
  | 'data-loss'
  | 'cancelled'
  | 'internal';

/** The only error type our own code throws. `where` holds what finds the bytes: connection, offset, channel, file. */
export class NightjarError extends Error {
  override readonly name = 'NightjarError';

  constructor(
    readonly kind: ErrorKind,
    /** Stable code for operators, `<area>/<what>`, such as `rtp/short-header`. */
    readonly code: `${string}/${string}`,
    message: string,
    readonly where: Readonly<Record<string, string | number>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
  }
}

/** The message of anything thrown, for a log line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
