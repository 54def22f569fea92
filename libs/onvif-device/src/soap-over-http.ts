import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import {
  MAX_REQUEST_BYTES,
  SOAP_MEDIA_TYPE,
  type Gate,
  type OnvifAnswer,
  type OnvifServer,
} from '@nightjar/onvif';

/** Who writes a document of 64 KiB at once needs no more, over a bad line too. */
const BODY_MS = 10_000;

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
  /** What a body may take to come in; absent: {@link BODY_MS}. */
  readonly bodyMs?: number;
  /** Told of answers that were faults. */
  answered?(answer: OnvifAnswer): void;
}

/**
 * Answers one HTTP request with SOAP 1.2. What is no POST of a SOAP document of sensible size is refused before anything of it
 * is read, and a body that does not come in soon is not waited for. ONVIF Core s.5.8.2, s.5.9.
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
  const document = await bodyOf(request, face.bodyMs ?? BODY_MS);
  if (document === undefined) return;
  if (typeof document === 'number') {
    refuse(request, response, document);
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
  if (answer.retryAfterSeconds !== undefined)
    response.setHeader('Retry-After', answer.retryAfterSeconds);
  if (answer.status === 401) response.setHeader('WWW-Authenticate', [...face.challenges(request)]);
  send(response, answer.status, answer.document);
}

type Refusal = 405 | 408 | 413 | 415;

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

/** Undefined when the client has gone; 408 when it takes too long, 413 when it is longer than it may be. */
function bodyOf(
  request: IncomingMessage,
  withinMs: number,
): Promise<Buffer | 408 | 413 | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const end = (outcome: Buffer | 408 | 413 | undefined): void => {
      clearTimeout(timer);
      request.off('data', take);
      resolve(outcome);
    };
    const take = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > MAX_REQUEST_BYTES) end(413);
      else chunks.push(chunk);
    };
    const timer = setTimeout(() => end(408), withinMs);
    request.on('data', take);
    request.once('end', () => end(Buffer.concat(chunks)));
    request.once('close', () => end(undefined));
    request.once('error', () => end(undefined));
  });
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
