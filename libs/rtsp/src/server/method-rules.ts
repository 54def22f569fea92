/** Session states of a server, RFC 2326 appendix A.2. */
export type ServerSessionState = 'ready' | 'playing';

/** Methods of RFC 2326 s.10: one that is not served is answered 405, any other 501. */
export const RTSP_METHODS: ReadonlySet<string> = new Set([
  'OPTIONS',
  'DESCRIBE',
  'ANNOUNCE',
  'SETUP',
  'PLAY',
  'PAUSE',
  'TEARDOWN',
  'GET_PARAMETER',
  'SET_PARAMETER',
  'REDIRECT',
  'RECORD',
]);

/** Replay of recordings with the extensions of ONVIF Streaming chapter 6. */
export const ONVIF_REPLAY = 'onvif-replay';

/** Feature tags that every resource supports. */
const COMMON_TAGS: readonly string[] = ['play.basic'];
/** Feature tags that a `Require` header may name (RFC 2326 s.12.32), though not for every resource. */
const KNOWN_TAGS: readonly string[] = [...COMMON_TAGS, ONVIF_REPLAY];

/** The tags of one or more comma-separated Require headers. */
export function parseTags(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}

/** Those of the tags that are not supported: by a resource with these features, else by anything of this server. */
export function unsupportedTags(tags: readonly string[], features?: readonly string[]): string[] {
  const supported = features === undefined ? KNOWN_TAGS : [...COMMON_TAGS, ...features];
  return tags.filter((tag) => !supported.includes(tag));
}
