const RTSP_URL = /^(rtsps?):\/\/(?:[^/?@]*@)?(\[[^\]]*\]|[^/?:]*)(:\d+)?/i;

/**
 * URL to ask after a redirect, or undefined when it may not be followed: credentials given for one camera are not taken
 * to another machine, nor out of TLS. Userinfo in the target is dropped.
 * @param hosts others that may be followed to
 */
export function redirectTarget(
  requestUrl: string,
  location: string,
  hosts: readonly string[] = [],
): string | undefined {
  const [, scheme, host, port = ''] = RTSP_URL.exec(requestUrl) ?? [];
  if (scheme === undefined || host === undefined) return undefined;
  const target = location.trim();
  if (!/^[\x21-\x7e]+$/.test(target)) return undefined;
  if (target.startsWith('/')) return `${scheme}://${host}${port}${target}`;
  const to = RTSP_URL.exec(target);
  const [whole = '', toScheme = '', toHost = '', toPort = ''] = to ?? [];
  // As it is known here, for cameras compare what they are asked byte by byte.
  const known = [host, ...hosts].find((one) => one.toLowerCase() === toHost.toLowerCase());
  if (to === null || known === undefined) return undefined;
  if (isTls(scheme) && !isTls(toScheme)) return undefined;
  return `${toScheme.toLowerCase()}://${known}${toPort}${target.slice(whole.length)}`;
}

function isTls(scheme: string): boolean {
  return scheme.toLowerCase() === 'rtsps';
}
