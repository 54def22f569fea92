import { NightjarError } from '@nightjar/common';

const DEFAULT_PORT = 554;
const SOURCE_URL =
  /^rtsp:\/\/(\[[0-9a-f:.]+(?:%[\w.-]+)?\]|[^/?:@#\s[\]]+)(?::(\d{1,5}))?([/?]\S*)?$/i;

/** Where to connect and what to ask there. */
export interface SourceUrl {
  /** Without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
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
  const match = SOURCE_URL.exec(url);
  const port = match?.[2] === undefined ? DEFAULT_PORT : Number(match[2]);
  if (match?.[1] === undefined || port < 1 || port > 65_535) {
    throw new NightjarError('invalid', 'relay/source-url', 'not an rtsp:// URL');
  }
  return { host: match[1].replace(/^\[|\]$/g, ''), port, url };
}
