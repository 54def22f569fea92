import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import {
  MAX_REQUEST_BYTES,
  SOAP_MEDIA_TYPE,
  type Gate,
  type OnvifAnswer,
  type OnvifServer,
} from '@nightjar/onvif';

export interface SoapFace<C> {
  readonly server: OnvifServer<C>;
  /** Who sent this request and what they may do. */
  gateOf(request: IncomingMessage): Gate<C>;
  /** WWW-Authenticate values for a client that should log in. */
  challenges(request: IncomingMessage): readonly string[];
  /** Hosts that clients may name in `Host` besides the address they reached; lower case, without port. */
  hosts?(): readonly string[];
  /** Scheme by which this client came, where a proxy ends TLS. */
  scheme?(request: IncomingMessage): 'http' | 'https';
  /** Told of answers that were faults. */
  answered?(answer: OnvifAnswer): void;
}

/**
 * Answers one HTTP request with SOAP 1.2. What is no POST of a SOAP document of sensible size is refused before anything of it
 * is read. ONVIF Core s.5.8.2, s.5.9.
 */
export async function answerSoap<C>(
  request: IncomingMessage,
  response: ServerResponse,
  face: SoapFace<C>,
): Promise<void> {
  const refusal = refusalOf(request);
  if (refusal !== undefined) {
    refuse(request, response, refusal);
    return;
  }
  const document = await bodyOf(request);
  if (document === undefined) {
    refuse(request, response, 413);
    return;
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const answer = await face.server.answer({
    document,
    origin: originOf(request, face),
    path: pathOf(request),
    gate: face.gateOf(request),
    signal: gone.signal,
  });
  face.answered?.(answer);
  if (gone.signal.aborted) return;
  if (answer.status === 401) response.setHeader('WWW-Authenticate', [...face.challenges(request)]);
  send(response, answer.status, answer.document);
}

type Refusal = 405 | 413 | 415;

function refusalOf({ method, headers }: IncomingMessage): Refusal | undefined {
  if (method !== 'POST') return 405;
  const media = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  const encoding = headers['content-encoding'] ?? 'identity';
  if (media !== SOAP_MEDIA_TYPE || encoding !== 'identity') return 415;
  return Number(headers['content-length'] ?? 0) > MAX_REQUEST_BYTES ? 413 : undefined;
}

/** The connection ends: what is left of the body will not be read. */
function refuse(request: IncomingMessage, response: ServerResponse, status: Refusal): void {
  response.writeHead(status, { Connection: 'close', ...(status === 405 && { Allow: 'POST' }) });
  response.end(() => request.destroy());
}

function send(response: ServerResponse, status: number, document: string): void {
  response.writeHead(status, {
    'Content-Type': `${SOAP_MEDIA_TYPE}; charset=utf-8`,
    'Content-Length': Buffer.byteLength(document),
    'Cache-Control': 'no-store',
  });
  response.end(document);
}

/** Undefined when it is longer than it may be. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_REQUEST_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** `originalUrl` is where Express keeps what it takes from `url`. */
function pathOf(request: IncomingMessage & { readonly originalUrl?: string }): string {
  const url = request.originalUrl ?? request.url ?? '/';
  return url.split('?')[0] ?? '/';
}

/** How the client reached us: by the address of the socket, or by a name that is known to be ours. ONVIF Core s.8.1.2.2. */
function originOf<C>(request: IncomingMessage, face: SoapFace<C>): string {
  const { headers, socket } = request;
  const scheme = face.scheme?.(request) ?? 'http';
  const address = plain(socket.localAddress ?? '127.0.0.1');
  const port = socket.localPort ?? 80;
  const named = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(\d{1,5}))?$/i.exec(headers.host ?? '');
  const host = named?.[1]?.toLowerCase();
  if (host !== undefined && face.hosts?.().includes(host.replace(/^\[|\]$/g, '')) === true)
    return `${scheme}://${host}${named?.[2] === undefined ? '' : `:${named[2]}`}`;
  return `${scheme}://${isIPv6(address) ? `[${address}]` : address}:${port}`;
}

/** Without the zone of a link-local address and the IPv6 form of an IPv4 one. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}
