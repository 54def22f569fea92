/** Session states of a server, RFC 2326 appendix A.2. */
export type ServerSessionState = 'ready' | 'playing';

/** Methods this server knows, in the order in which `Public` lists them (RFC 2326 s.10). */
export const SERVER_METHODS = [
  'OPTIONS',
  'DESCRIBE',
  'SETUP',
  'PLAY',
  'PAUSE',
  'TEARDOWN',
  'GET_PARAMETER',
  'SET_PARAMETER',
] as const;

export type ServerMethod = (typeof SERVER_METHODS)[number];

const KNOWN_ELSEWHERE = new Set(['ANNOUNCE', 'RECORD', 'REDIRECT']);

/** Whether we serve a method, RTSP knows it but not for our resources (405), or nobody knows it (501). */
export function classifyMethod(method: string): 'served' | 'not-allowed' | 'unknown' {
  if ((SERVER_METHODS as readonly string[]).includes(method)) return 'served';
  return KNOWN_ELSEWHERE.has(method) ? 'not-allowed' : 'unknown';
}

const ALLOWED: Record<ServerSessionState, readonly ServerMethod[]> = {
  ready: SERVER_METHODS,
  // A transport cannot change under a running stream: SETUP waits for PAUSE.
  playing: SERVER_METHODS.filter((method) => method !== 'SETUP'),
};

/** Methods that are valid in a state: the `Allow` header of a 455. */
export function allowedIn(state: ServerSessionState): readonly ServerMethod[] {
  return ALLOWED[state];
}

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
