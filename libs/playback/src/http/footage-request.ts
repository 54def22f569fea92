import { NightjarError } from '@nightjar/common';
import { isPlainName } from '@nightjar/recording';

/** What somebody wants to see: one stream of a camera in a range of wall time (Unix epoch milliseconds, end excluded). */
export interface FootageRequest {
  readonly camera: string;
  readonly stream: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** A longer range is asked for in parts: the tables of a day at 25 pictures a second take some 40 MB. */
export const MAX_RANGE_MS = 24 * 3_600_000;

/** @throws NightjarError 'invalid' with words for the user */
export function checkRequest({ camera, stream, startMs, endMs }: FootageRequest): void {
  if (!isPlainName(camera) || !isPlainName(stream))
    throw new NightjarError('not-found', 'footage/not-found', 'there is no such camera or stream');
  if (!(endMs > startMs))
    throw new NightjarError('invalid', 'footage/range', 'end must lie after start');
  if (endMs - startMs > MAX_RANGE_MS) {
    throw new NightjarError(
      'invalid',
      'footage/range',
      `a range covers at most ${MAX_RANGE_MS / 3_600_000} hours; ask for several, or make an export`,
    );
  }
}
