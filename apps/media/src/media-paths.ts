/** First path segment of recordings; a camera cannot be served under it. */
export const PLAYBACK_PREFIX = 'playback';

/**
 * The camera that a path names: `<camera>[/<stream>]` or `playback/<camera>[/<stream>]`.
 * @param path decoded, without leading and trailing slash
 */
export function cameraOfPath(path: string): string | undefined {
  const [first, second] = path.split('/', 2);
  const camera = first === PLAYBACK_PREFIX ? second : first;
  return camera === '' ? undefined : camera;
}
