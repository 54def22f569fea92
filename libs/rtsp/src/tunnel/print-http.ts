import { COOKIE_HEADER, TUNNEL_TYPE } from './tunnel-request.js';

const HTTP_REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  503: 'Service Unavailable',
};

/** The answer that opens the receiving half of a tunnel; what follows is RTSP, without an end. */
export function printTunnelOpened(): Buffer {
  return Buffer.from(
    `HTTP/1.0 200 OK\r\nServer: Nightjar\r\nConnection: close\r\nCache-Control: no-store\r\nPragma: no-cache\r\nContent-Type: ${TUNNEL_TYPE}\r\n\r\n`,
  );
}

/**
 * A refusal that closes the connection, with a line of text for whoever looks.
 * @param retryAfterSeconds when to come again
 */
export function printHttpRefusal(status: number, text: string, retryAfterSeconds?: number): Buffer {
  const body = `${text}\n`;
  const reason = HTTP_REASONS[status] ?? 'Refused';
  const retry = retryAfterSeconds === undefined ? '' : `Retry-After: ${retryAfterSeconds}\r\n`;
  return Buffer.from(
    `HTTP/1.1 ${status} ${reason}\r\nServer: Nightjar\r\nConnection: close\r\n${retry}Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** Head of the half of a tunnel that we open at a camera. The length is a pretence: some proxies want one. */
export function printTunnelRequest(
  method: 'GET' | 'POST',
  {
    target,
    host,
    cookie,
  }: { readonly target: string; readonly host: string; readonly cookie: string },
): Buffer {
  const body = `Content-Type: ${TUNNEL_TYPE}\r\nContent-Length: 32767\r\nExpires: Sun, 9 Jan 1972 00:00:00 GMT\r\n`;
  return Buffer.from(
    `${method} ${target} HTTP/1.0\r\nHost: ${host}\r\nUser-Agent: Nightjar\r\n${COOKIE_HEADER}: ${cookie}\r\nAccept: ${TUNNEL_TYPE}\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n${method === 'POST' ? body : ''}\r\n`,
  );
}
