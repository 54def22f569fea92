const ABSOLUTE = /^(rtsps?):\/\/([^/?#]*)(.*)$/i;
const DEFAULT_PORT = /:(?:554|322)$/;

/**
 * Whether the `uri` of a Digest header names the resource of the request. Besides equal URLs it may be
 * - a path without scheme and host (field: Bosch BVMS),
 * - the same URL with or without `/` at the end,
 * - in SETUP the base URL of the track (field: VLC, HappyTime).
 * Scheme, host, default port and userinfo are compared as RFC 3986 s.6.2 has it, paths byte by byte.
 */
export function digestUriMatches(written: string, method: string, requestUri: string): boolean {
  if (written === requestUri) return true;
  const asked = split(requestUri);
  const signed = split(written);
  if (signed.origin !== '' && signed.origin !== asked.origin) return false;
  const base = withoutSlash(signed.path);
  if (signed.path === '' && signed.origin === '') return false;
  if (base === withoutSlash(asked.path)) return true;
  // The track is the one segment that the server's SDP adds to the base.
  return method === 'SETUP' && basesOf(asked.path).some((one) => withoutSlash(one) === base);
}

function split(uri: string): { origin: string; path: string } {
  const match = ABSOLUTE.exec(uri);
  if (match === null) return { origin: '', path: uri };
  const [, scheme = '', authority = '', path = ''] = match;
  const host = authority.slice(authority.lastIndexOf('@') + 1).toLowerCase();
  return { origin: `${scheme.toLowerCase()}://${host.replace(DEFAULT_PORT, '')}`, path };
}

function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

/** Of the URL of a track, whose segment stands behind all, or behind the path and before the query. */
function basesOf(track: string): string[] {
  const query = track.indexOf('?');
  if (query < 0) return [parentOf(track)];
  const behindAll = withoutSlash(track).lastIndexOf('/') > query ? [parentOf(track)] : [];
  return [...behindAll, parentOf(track.slice(0, query)) + track.slice(query)];
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(withoutSlash(path).lastIndexOf('/'), 0));
}
