import { NightjarError } from '@nightjar/common';

const DEFAULT_PORT = 554;
const DEFAULT_TLS_PORT = 322;
const SOURCE_URL =
  /^(rtsps?):\/\/(\[[0-9a-f:.]+(?:%[\w.-]+)?\]|[^/?:@#\s[\]]+)(?::(\d{1,5}))?([/?]\S*)?$/i;

/** Where to connect and what to ask there. */
export interface SourceUrl {
  /** Without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
  /** Whether it is to be reached through TLS. */
  readonly secure: boolean;
  /** Path and query as written, possibly empty. */
  readonly path: string;
  /** Request URL exactly as configured: cameras compare it byte by byte. */
  readonly url: string;
}

/**
 * Takes a camera URL apart without normalizing it.
 *
 * @throws NightjarError `invalid`; the message never holds the URL, which may carry a password.
 */
export function parseSourceUrl(url: string): SourceUrl {
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
  return { host: host.replace(/^\[|\]$/g, ''), port, secure, path, url };
}
