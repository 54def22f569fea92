import { NightjarError } from '@nightjar/common';
import { RTSP_2_0, parseTags, unsupportedTags, type RtspRequest } from '@nightjar/rtsp';
import type { Mount } from './mount.js';

/**
 * Feature tags that a request requires. Proxy-Require is treated alike (RFC 2326 s.12.27); in RTSP 2.0 it concerns proxies
 * alone (RFC 7826 s.18.37).
 */
export function tagsOf({ version, headers }: RtspRequest): string[] {
  const own = parseTags(headers.get('Require'));
  return version === RTSP_2_0 ? own : [...own, ...parseTags(headers.get('Proxy-Require'))];
}

/** Feature tags of a request. @throws NightjarError with status 551 when the mount has not all of them */
export function requiredOf(request: RtspRequest, mount: Mount): string[] {
  const tags = tagsOf(request);
  const unsupported = unsupportedTags(tags, mount.features ?? []);
  if (unsupported.length > 0) {
    throw new NightjarError('invalid', 'rtsp/require', 'the resource lacks a required feature', {
      unsupported: unsupported.join(', '),
    });
  }
  return tags;
}
