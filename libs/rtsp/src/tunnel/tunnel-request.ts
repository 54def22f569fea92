import { NightjarError } from '@nightjar/common';
import type { HttpRequestHead } from './http-head.js';

/** Media type of both halves of a tunnel. */
export const TUNNEL_TYPE = 'application/x-rtsp-tunnelled';
/** Subprotocol of RTSP inside a WebSocket. ONVIF Streaming s.7. */
export const WEBSOCKET_PROTOCOL = 'rtsp.onvif.org';
export const COOKIE_HEADER = 'x-sessioncookie';
/** A cookie is what keeps others off a tunnel: shorter ones could be guessed. */
const COOKIE = /^[\x21-\x7e]{8,128}$/;

/** What an HTTP request on the RTSP port asks for. */
export type TunnelRequest =
  /** The half that brings the client what the server sends. */
  | { readonly kind: 'get'; readonly cookie: string }
  /** The half in which the client sends, in base64. */
  | { readonly kind: 'post'; readonly cookie: string }
  | { readonly kind: 'websocket'; readonly origin: string | undefined };

/** Whether an HTTP request on a port of other things, too, is about RTSP; {@link parseTunnelRequest} says if it is sound. */
export function asksForRtsp({ headers }: HttpRequestHead): boolean {
  return (
    headers.has(COOKIE_HEADER) ||
    tokensOf(headers.get('Sec-WebSocket-Protocol')).includes(WEBSOCKET_PROTOCOL)
  );
}

/**
 * Reads what an HTTP request wants on a port of RTSP: half of a tunnel (Apple; ONVIF Streaming s.5.1.1.5), or a WebSocket
 * (ONVIF Streaming s.5.1.1.6).
 * @throws NightjarError with the HTTP status to answer in `where.status`, and a message for the one who reads it
 */
export function parseTunnelRequest({ method, headers }: HttpRequestHead): TunnelRequest {
  if (tokensOf(headers.get('Upgrade')).includes('websocket')) {
    if (method !== 'GET') throw refusal(405, 'a WebSocket begins with GET');
    if (!tokensOf(headers.get('Sec-WebSocket-Protocol')).includes(WEBSOCKET_PROTOCOL))
      throw refusal(400, `the only WebSocket protocol here is ${WEBSOCKET_PROTOCOL}`);
    return { kind: 'websocket', origin: headers.get('Origin') };
  }
  const cookie = headers.get(COOKIE_HEADER);
  if (cookie === undefined)
    throw refusal(400, `RTSP is served here; a tunnel needs the header ${COOKIE_HEADER}`);
  if (!COOKIE.test(cookie)) throw refusal(400, `${COOKIE_HEADER} must have 8 to 128 characters`);
  if (method === 'GET') return { kind: 'get', cookie };
  if (method !== 'POST') throw refusal(405, 'a tunnel is made of GET and POST');
  if (!(headers.get('Content-Type') ?? '').toLowerCase().startsWith(TUNNEL_TYPE))
    throw refusal(415, `the body of a tunnel is ${TUNNEL_TYPE}`);
  return { kind: 'post', cookie };
}

function tokensOf(value: string | undefined): string[] {
  return (value ?? '').split(',').map((token) => token.trim().toLowerCase());
}

function refusal(status: number, message: string): NightjarError {
  return new NightjarError('protocol', 'rtsp/tunnel', message, { status });
}
