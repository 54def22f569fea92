const RTSP_URL = /^rtsp:\/\/(?:[^/?@]*@)?(\[[^\]]*\]|[^/?:]*)(:\d+)?/i;

/**
 * URL to ask after a redirect, or undefined when it leaves the host: credentials given for one camera are not taken
 * to another machine. Userinfo in the target is dropped.
 */
export function redirectTarget(requestUrl: string, location: string): string | undefined {
  const from = RTSP_URL.exec(requestUrl);
  if (from === null) return undefined;
  const target = location.trim();
  if (!/^[\x21-\x7e]+$/.test(target)) return undefined;
  if (target.startsWith('/')) return `rtsp://${from[1]}${from[2] ?? ''}${target}`;
  const to = RTSP_URL.exec(target);
  if (to === null || to[1]?.toLowerCase() !== from[1]?.toLowerCase()) return undefined;
  return `rtsp://${from[1]}${to[2] ?? ''}${target.slice(to[0].length)}`;
}
