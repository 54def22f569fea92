import { RTSP_1_0, RTSP_2_0, type RtspVersion } from '../messages/message.js';

/** Session states of a server, RFC 2326 appendix A.2. */
export type ServerSessionState = 'ready' | 'playing' | 'recording';

const BOTH_VERSIONS = [
  'OPTIONS',
  'DESCRIBE',
  'SETUP',
  'PLAY',
  'PAUSE',
  'TEARDOWN',
  'GET_PARAMETER',
  'SET_PARAMETER',
  'REDIRECT',
];

/**
 * Methods that a version knows (RFC 2326 s.10, RFC 7826 s.13): one that is not served is answered 405, any other 501.
 */
export const RTSP_METHODS: Readonly<Record<RtspVersion, ReadonlySet<string>>> = {
  [RTSP_1_0]: new Set([...BOTH_VERSIONS, 'ANNOUNCE', 'RECORD']),
  [RTSP_2_0]: new Set([...BOTH_VERSIONS, 'PLAY_NOTIFY']),
};

/** Replay of recordings with the extensions of ONVIF Streaming chapter 6. */
export const ONVIF_REPLAY = 'onvif-replay';

/** Audio from a client to the camera. ONVIF Streaming s.5.3. */
export const ONVIF_BACKCHANNEL = 'www.onvif.org/ver20/backchannel';

/** Trick play (RFC 7826 s.11.1). */
export const PLAY_SCALE = 'play.scale';
export const PLAY_SPEED = 'play.speed';

/** Feature tags that every resource supports. */
const COMMON_TAGS: readonly string[] = ['play.basic', 'setup.rtp.rtcp.mux'];
/** Feature tags that a `Require` header may name (RFC 2326 s.12.32), though not for every resource. */
export const KNOWN_TAGS: readonly string[] = [
  ...COMMON_TAGS,
  PLAY_SCALE,
  PLAY_SPEED,
  ONVIF_REPLAY,
  ONVIF_BACKCHANNEL,
];

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
