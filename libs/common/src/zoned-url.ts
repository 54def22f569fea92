/** A link-local address with the interface that it means something at, as `[fe80::1%eth0]`, or as RFC 6874 wrote it. */
const ZONED = /^([a-z][a-z0-9+.-]*:\/\/\[[0-9a-f:.]+)%(?:25)?([\w.-]{1,64})\]/i;

/**
 * Takes the interface out of a URL. `URL` knows none, and whoever is asked must not be told ours: to others it means
 * nothing (RFC 9844 s.4). Other texts come back as they are.
 */
export function splitZone(text: string): {
  readonly url: string;
  readonly zone: string | undefined;
} {
  const zone = ZONED.exec(text)?.[2];
  return { url: zone === undefined ? text : text.replace(ZONED, '$1]'), zone };
}

/** Puts an interface into a URL whose host is a link-local address; into no other. */
export function withZone(url: string, zone: string | undefined): string {
  if (zone === undefined) return url;
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/\[fe[89ab][0-9a-f:.]*)\]/i, `$1%${zone}]`);
}

/**
 * Host of a URL without the brackets of IPv6, with the interface of a link-local address: what one connects to.
 * @throws TypeError for what is no URL
 */
export function hostOfUrl(text: string): string {
  const { url, zone } = splitZone(text);
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  return zone === undefined ? host : `${host}%${zone}`;
}
