/** First path segment of recordings; a camera cannot be served under it. */
export const PLAYBACK_PREFIX = 'playback';

/** First path segment of media files, which any process serves. */
export const FILES_PREFIX = 'files';

/**
 * The camera that a path names: `<camera>[/<stream>]` or `playback/<camera>[/<stream>]`; undefined for a file.
 * @param path decoded, without leading and trailing slash
 */
export function cameraOfPath(path: string): string | undefined {
  const [first, second] = path.split('/', 2);
  if (first === FILES_PREFIX) return undefined;
  const camera = first === PLAYBACK_PREFIX ? second : first;
  return camera === '' ? undefined : camera;
}
