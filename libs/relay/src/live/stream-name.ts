import { NightjarError } from '@nightjar/common';

/** Stream served when a URL names only the camera. */
export const DEFAULT_STREAM = 'main';

/**
 * The stream that a URL names, in its path (`<camera>/<stream>`) or as `?stream=<stream>`; undefined when it names none.
 * @throws NightjarError 'invalid' when it names two
 */
export function namedStream(
  inPath: string | undefined,
  query: URLSearchParams,
): string | undefined {
  const inQuery = query.get('stream') ?? undefined;
  if (inPath !== undefined && inQuery !== undefined && inPath !== inQuery) {
    const reason = 'The path names another stream than the query';
    throw new NightjarError('invalid', 'relay/two-streams', reason, { reason });
  }
  return inPath ?? inQuery;
}
