import { createHash } from 'node:crypto';

/** tt:ReferenceToken has at most 64 characters. */
const MAX_TOKEN_CHARS = 64;
/** Room for what is put before the tokens of profiles. */
const PREFIX_CHARS = 4;

/** Names a stream of a camera to ONVIF clients; the same for ever. Names of ours have no dot. */
export function streamToken(camera: string, stream: string): string {
  const token = `${camera}.${stream}`;
  return token.length <= MAX_TOKEN_CHARS - PREFIX_CHARS ? token : hashed(token);
}

/** Names a camera, as the source of its streams. */
export function cameraToken(camera: string): string {
  return camera.length <= MAX_TOKEN_CHARS - PREFIX_CHARS ? camera : hashed(camera);
}

function hashed(name: string): string {
  return `h.${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
}
