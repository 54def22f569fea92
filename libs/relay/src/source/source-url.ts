import { NightjarError, splitZone } from '@nightjar/common';

const DEFAULT_PORT = 554;
const DEFAULT_TLS_PORT = 322;
const SOURCE_URL = /^(rtsps?):\/\/(\[[0-9a-f:.]+\]|[^/?:@#\s[\]]+)(?::(\d{1,5}))?([/?]\S*)?$/i;

/** Where to connect and what to ask there. */
export interface SourceUrl {
  /** Without the brackets of IPv6, with the interface of a link-local address. */
  readonly host: string;
  readonly port: number;
  /** Whether it is to be reached through TLS. */
  readonly secure: boolean;
  /** Path and query as written, possibly empty. */
  readonly path: string;
  /** Request URL exactly as configured, but for our interface in it: cameras compare it byte by byte. */
  readonly url: string;
}

/**
 * Takes a camera URL apart without normalizing it.
 *
 * @throws NightjarError `invalid`; the message never holds the URL, which may carry a password.
 */
export function parseSourceUrl(text: string): SourceUrl {
  const { url, zone } = splitZone(text);
  if (/^[a-z]+:\/\/[^/?]*@/i.test(url)) {
    throw new NightjarError(
      'invalid',
      'relay/url-userinfo',
      'credentials do not belong into the URL of a source',
    );
  }
  const [, scheme = '', host, digits, path = ''] = SOURCE_URL.exec(url) ?? [];
  const secure = /s$/i.test(scheme);
  const port = digits === undefined ? (secure ? DEFAULT_TLS_PORT : DEFAULT_PORT) : Number(digits);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new NightjarError('invalid', 'relay/source-url', 'not an rtsp:// or rtsps:// URL');
  }
  const bare = host.replace(/^\[|\]$/g, '');
  return { host: zone === undefined ? bare : `${bare}%${zone}`, port, secure, path, url };
}
