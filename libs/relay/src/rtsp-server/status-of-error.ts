import { NightjarError } from '@nightjar/common';
import { STATUS_OF_KIND } from '@nightjar/rtsp';

/** The status of an answer to a request that failed so. */
export function statusOf(error: unknown): number {
  if (!(error instanceof NightjarError)) return 500;
  const status = error.where['status'];
  return typeof status === 'number' ? status : STATUS_OF_KIND[error.kind];
}

/** What an error has to say to the client; its message is for us. */
export function reasonFor(error: unknown): string | undefined {
  const reason = error instanceof NightjarError ? error.where['reason'] : undefined;
  return typeof reason === 'string' ? reason : undefined;
}
