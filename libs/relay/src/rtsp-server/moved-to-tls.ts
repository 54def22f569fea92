import type { Answer } from './connection.js';

const RTSP_URL = /^rtsps?:\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]+)(?::\d*)?(.*)$/is;

/**
 * The answer to a request in the clear where TLS is required: the same URL over TLS, as the client named us.
 * @param uri of the request
 */
export function movedToTls(uri: string, port: number): Answer {
  const [, host, rest = ''] = RTSP_URL.exec(uri) ?? [];
  if (host === undefined) return { status: 403 };
  return { status: 301, headers: { Location: `rtsps://${host}:${port}${rest}` } };
}
